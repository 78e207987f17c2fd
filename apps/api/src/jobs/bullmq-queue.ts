/** Accepted jobs on one Redis, by BullMQ: any number of servers put them in and take them out. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Job as BullJob, DelayedError, Queue, WaitingError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { ApiError } from '../api-error.ts';
import {
  givenUp,
  idempotencyMismatch,
  type Idempotency,
  type Job,
  type JobHandlers,
  type JobOutcome,
  type JobProgress,
  type JobQueue,
  type JobSpec,
  LAST_PLACE,
  type QueueSettings,
  revisionOf,
} from './job.ts';

export type BullmqSettings = QueueSettings & {
  /** `redis://host:port` */
  readonly url: string;
  /** A server that does not renew its hold on a job for so long has ended; another one takes the job. */
  readonly lockMs: number;
};

type Progress = { readonly reports: number; readonly progress: JobProgress };
type Bull = BullJob<JobSpec, null>;
type Ended = { readonly outcome: JobOutcome; readonly endedAt: number };

const PREFIX = '{fairweather}';
/** BullMQ's highest priority; a queue that never runs dry for two million rounds is first come, first served from then on. */
const LAST_TURN = 2_097_152;
/** Of a job that was only at hand: far beyond what happens. */
const MAX_STALLS = 100;
const COME_AGAIN_MS = 250;
/** Between looks whether a running job has been cancelled. */
const CANCEL_LOOK_MS = 500;

/**
 * The outcome of a job stands in a key of its own that is set once: whoever else comes to an end with the same job, after a stall or against a
 * cancellation, changes nothing. BullMQ's priority is the round in which a job is due, as in `sqlite-queue`.
 */
export async function openBullmqQueue(settings: BullmqSettings): Promise<JobQueue> {
  const { url, keepMs, onError } = settings;
  // Requests are answered at once, also while Redis is away; work waits until it is back.
  const asking = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 15_000, lazyConnect: true });
  const working = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
  for (const connection of [asking, working]) connection.on('error', onError);
  await Promise.all([asking.connect(), working.connect()]);
  const jobs = new Queue<JobSpec, null>('jobs', { connection: asking, prefix: PREFIX });
  const webhooks = new Queue<{ readonly id: string }>('webhooks', { connection: working, prefix: PREFIX });
  for (const queue of [jobs, webhooks]) queue.on('error', onError);
  const stop = new AbortController();
  const workers: Worker[] = [];
  return {
    add: whenConnected(add),
    replay: whenConnected(replay),
    find: whenConnected(find),
    cancel: whenConnected(cancel),
    remove: whenConnected(remove),
    counts: whenConnected(counts),
    start,
    expire: whenConnected(expire),
    close,
  };

  /** BullMQ itself would wait for Redis. */
  function whenConnected<A extends readonly unknown[], R>(work: (...values: A) => Promise<R>): (...values: A) => Promise<R> {
    return async (...values) => {
      if (asking.status !== 'ready') throw new Error('Redis cannot be reached.');
      return work(...values);
    };
  }

  async function add(specs: readonly JobSpec[], idempotency?: Idempotency): Promise<{ readonly ids: readonly string[]; readonly replayed: boolean }> {
    const ids = specs.map(({ id }) => id);
    const before = idempotency === undefined ? undefined : await claim(idempotency, ids);
    if (before !== undefined) return { ids: before, replayed: true };
    try {
      await put(specs);
      return { ids, replayed: false };
    } catch (error) {
      if (idempotency !== undefined) await asking.del(keyOf(idempotency)).catch(onError); // nothing was accepted under it
      throw error;
    }
  }

  async function put(specs: readonly JobSpec[]): Promise<void> {
    const { waiting } = await counts();
    if (waiting + specs.length > settings.maxWaiting)
      throw new ApiError('overloaded', `${settings.maxWaiting} jobs may wait, ${waiting} do; come again later.`, { retryAfterSec: 30 });
    if (waiting === 0) await asking.del(named('round'), named('turns'));
    const client = specs[0]?.client ?? '';
    const first = Number(await asking.eval(TAKE_TURNS, 2, named('round'), named('turns'), client, specs.length));
    await jobs.addBulk(
      specs.map((data, i) => ({
        name: 'restore',
        data,
        opts: { jobId: data.id, priority: Math.min(first + i, LAST_TURN), removeOnComplete: false, removeOnFail: false },
      })),
    );
  }

  /** @returns the ids the key stands for already; nothing when it stands for these now */
  async function claim(idempotency: Idempotency, ids: readonly string[]): Promise<readonly string[] | undefined> {
    const [key, { fingerprint }] = [keyOf(idempotency), idempotency];
    const entry = JSON.stringify({ fingerprint, ids });
    if ((await asking.set(key, entry, 'PX', keepMs, 'NX')) === 'OK') return undefined;
    const before = await replay(idempotency);
    if (before === undefined) await asking.set(key, entry, 'PX', keepMs); // whoever set it ended before the jobs were in the queue
    return before;
  }

  async function replay(idempotency: Idempotency): Promise<readonly string[] | undefined> {
    const text = await asking.get(keyOf(idempotency));
    if (text === null) return undefined;
    const before = JSON.parse(text) as { readonly fingerprint: string; readonly ids: readonly string[] }; // written by `claim`
    if (before.fingerprint !== idempotency.fingerprint) throw idempotencyMismatch();
    const known = before.ids[0] === undefined ? undefined : await jobs.getJob(before.ids[0]);
    return known === undefined ? undefined : before.ids;
  }

  async function find(id: string): Promise<Job | undefined> {
    const [job, ended] = await Promise.all([jobs.getJob(id), findEnd(asking, id)]);
    if (job === undefined) return undefined;
    const failed = ended === undefined && (await job.isFailed()); // by BullMQ itself: servers ended too often
    if (failed) return toJob(job, { outcome: givenUp(job.stalledCounter), endedAt: job.finishedOn ?? job.timestamp }, undefined);
    return toJob(job, ended, ended !== undefined || (await isRunning(job)) ? undefined : await placeOf(id));
  }

  /** By rounds, as jobs are taken. One that was taken before and came back stands before all others. */
  async function placeOf(id: string): Promise<number> {
    return Math.min(1 + ((await asking.zrank(jobs.toKey('prioritized'), id)) ?? 0), LAST_PLACE);
  }

  /** @param place of one that waits */
  function toJob(job: Bull, ended: Ended | undefined, place: number | undefined): Job {
    const state = ended?.outcome.state ?? (place === undefined ? 'running' : 'waiting');
    const told = typeof job.progress === 'object' ? (job.progress as Progress) : undefined; // set in `serve`
    return {
      ...job.data,
      state,
      revision: revisionOf(state, job.attemptsStarted, told?.reports ?? 0),
      place,
      progress: state === 'running' ? told?.progress : undefined,
      startedAt: job.processedOn,
      endedAt: ended?.endedAt,
      expiresAt: ended === undefined ? undefined : ended.endedAt + keepMs,
      outcome: ended?.outcome,
    };
  }

  async function cancel(id: string): Promise<void> {
    await end(asking, id, { state: 'cancelled' });
  }

  async function remove(id: string): Promise<void> {
    const job = await jobs.getJob(id);
    // One that is still in a worker's hands goes with `expire`.
    if (job !== undefined && !(await job.isActive())) await job.remove();
    await asking.zadd(named('ends'), 0, id);
    await asking.del(endOf(id));
  }

  async function counts(): Promise<{ waiting: number; running: number }> {
    const { prioritized = 0, waiting = 0, delayed = 0, active = 0 } = await jobs.getJobCounts('prioritized', 'waiting', 'delayed', 'active');
    return { waiting: prioritized + waiting + delayed, running: active };
  }

  function start(handlers: JobHandlers): void {
    const { lockMs, concurrency, webhookDelayMs } = settings;
    const common = { connection: working, prefix: PREFIX, stalledInterval: lockMs, lockDuration: lockMs, runRetryDelay: 500, drainDelay: 1 };
    const taker = new Worker<JobSpec, null>('jobs', (job, token) => serve(job, token, handlers), { ...common, concurrency, maxStalledCount: MAX_STALLS });
    taker.on('failed', (job) => {
      if (job !== undefined) untilDone(() => end(working, job.data.id, givenUp(job.stalledCounter))).catch(onError);
    });
    const sender = new Worker<{ readonly id: string }>('webhooks', ({ data }) => sendWebhook(data.id, handlers), {
      ...common,
      concurrency: 16,
      settings: { backoffStrategy: (attempts) => webhookDelayMs(attempts + 1) ?? 0 },
    });
    workers.push(taker, sender);
    for (const worker of workers) worker.on('error', onError);
  }

  async function serve(bull: Bull, token: string | undefined, { run }: JobHandlers): Promise<null> {
    const { id } = bull.data;
    const ended = await findEnd(working, id);
    if (ended !== undefined) {
      await settle(working, bull.data, ended);
      return null;
    }
    const crashes = Number(await working.get(crashesOf(id)));
    if (crashes >= settings.maxStarts) {
      await untilDone(() => end(working, id, givenUp(crashes)));
      return null;
    }
    await working.eval(BEGIN_ROUND, 1, named('round'), bull.priority);
    const cancelled = new AbortController();
    const watch = setInterval(() => {
      findEnd(asking, id).then((found) => {
        if (found !== undefined) cancelled.abort(new DOMException('The job was cancelled.', 'AbortError'));
      }, onError);
    }, CANCEL_LOOK_MS);
    let reports = 0;
    try {
      const outcome = await run(toJob(bull, undefined, undefined), AbortSignal.any([cancelled.signal, stop.signal]), (progress) => {
        // Counted before it can happen, and taken back when it did not.
        if (reports++ === 0) asking.incr(crashesOf(id)).catch(onError);
        updateProgress(id, { reports, progress });
      });
      await untilDone(() => end(working, id, outcome));
    } catch (error) {
      if (!cancelled.signal.aborted) await giveBack(bull, token, error);
    } finally {
      clearInterval(watch);
    }
    return null;
  }

  /** The next one tells more; while Redis is away, none does. */
  function updateProgress(id: string, progress: Progress): void {
    if (asking.status === 'ready') jobs.updateJobProgress(id, progress).catch(onError);
  }

  /** This server ends, or is not able now, which is not the job's fault. */
  async function giveBack(bull: Bull, token: string | undefined, cause: unknown): Promise<never> {
    onError(cause);
    await working.del(crashesOf(bull.data.id));
    if (stop.signal.aborted) {
      await bull.moveToWait(token);
      throw new WaitingError();
    }
    await bull.moveToDelayed(Date.now() + COME_AGAIN_MS, token);
    throw new DelayedError();
  }

  /** Once, and for good; then all that follows from it. */
  async function end(redis: Redis, id: string, outcome: JobOutcome): Promise<void> {
    const job = await jobs.getJob(id);
    if (job === undefined) return;
    const ended: Ended = { outcome, endedAt: Date.now() };
    if ((await redis.set(endOf(id), JSON.stringify(ended), 'NX')) === 'OK') await settle(redis, job.data, ended);
  }

  /** What follows from an end. Done again after a crash it changes nothing. */
  async function settle(redis: Redis, { id, webhook }: JobSpec, { endedAt }: Ended): Promise<void> {
    await redis.zadd(named('ends'), endedAt + keepMs, id);
    settings.onEnded(id);
    if (webhook === undefined) return;
    const kept = { age: Math.ceil(keepMs / 1000) };
    const opts = { jobId: id, attempts: countAttempts(settings), backoff: { type: 'custom' }, removeOnComplete: kept, removeOnFail: kept };
    await webhooks.add('send', { id }, { ...opts, delay: settings.webhookDelayMs(1) ?? 0 });
  }

  async function sendWebhook(id: string, { notify }: JobHandlers): Promise<void> {
    const job = await find(id);
    if (job?.outcome !== undefined) await notify(job);
  }

  async function expire(): Promise<readonly string[]> {
    const due = await asking.zrangebyscore(named('ends'), '-inf', Date.now(), 'LIMIT', 0, 1000);
    for (const id of due) {
      const job = await jobs.getJob(id);
      if (job !== undefined && (await job.isActive())) continue; // a stalled one; soon it is not
      await job?.remove();
      await asking.del(endOf(id), crashesOf(id));
      await asking.zrem(named('ends'), id);
    }
    return due;
  }

  async function close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => stop.abort(new DOMException('The server is ending.', 'AbortError')), timeoutMs);
    await Promise.all(workers.map((worker) => worker.close()));
    clearTimeout(timer);
    await Promise.all([jobs.close(), webhooks.close()]);
    asking.disconnect();
    working.disconnect();
  }

  /** While Redis is away the end of a job waits for it. */
  async function untilDone(work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        onError(error);
        if (stop.signal.aborted) throw error;
        await wait(COME_AGAIN_MS);
      }
    }
  }
}

/** Gives a client's jobs the rounds behind those of its others, and behind the one that is served now. @returns the first of them */
const TAKE_TURNS = `
  local round = tonumber(redis.call('GET', KEYS[1]) or '0')
  local last = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
  local first = math.max(round, last) + 1
  redis.call('HSET', KEYS[2], ARGV[1], first + tonumber(ARGV[2]) - 1)
  return first
`;
const BEGIN_ROUND = `
  if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
`;

async function findEnd(redis: Redis, id: string): Promise<Ended | undefined> {
  const text = await redis.get(endOf(id));
  return text === null ? undefined : (JSON.parse(text) as Ended); // written by `end`
}

async function isRunning(job: Bull): Promise<boolean> {
  return job.processedOn !== undefined && (await job.isActive());
}

function countAttempts({ webhookDelayMs }: QueueSettings): number {
  let attempts = 0;
  while (webhookDelayMs(attempts + 1) !== undefined) attempts++;
  return attempts;
}

function named(what: string): string {
  return `${PREFIX}:${what}`;
}

function endOf(id: string): string {
  return named(`end:${id}`);
}

/** How often a server ended while it was at the job. */
function crashesOf(id: string): string {
  return named(`crashes:${id}`);
}

function keyOf({ client, key }: Idempotency): string {
  return named(`key:${client}:${key}`);
}
