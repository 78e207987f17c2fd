/** Accepted jobs in one SQLite file of this server: they outlive it, and go on where it starts again. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
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

/**
 * `turn` is the round in which a job is due: the n-th job of a client that waits is served in the n-th round, so that clients take turns, whatever
 * one of them has waiting (start-time fair queueing, Goyal et al. 1996, with jobs of equal size).
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, client TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL, turn INTEGER NOT NULL, number INTEGER NOT NULL,
    starts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, started_at INTEGER, ended_at INTEGER, expires_at INTEGER, outcome TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS jobs_next ON jobs (state, turn, number);
  CREATE INDEX IF NOT EXISTS jobs_number ON jobs (number);
  CREATE INDEX IF NOT EXISTS jobs_client ON jobs (client, turn);
  CREATE INDEX IF NOT EXISTS jobs_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS keys (client TEXT, key TEXT, fingerprint TEXT NOT NULL, ids TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (client, key)) STRICT;
  CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, due_at INTEGER NOT NULL, attempt INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS rounds (only INTEGER PRIMARY KEY CHECK (only = 1), turn INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO rounds VALUES (1, 0);
`;

type Row = {
  readonly id: string;
  readonly client: string;
  readonly spec: string;
  readonly state: Job['state'];
  readonly turn: number;
  readonly number: number;
  readonly starts: number;
  readonly crashes: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly expires_at: number | null;
  readonly outcome: string | null;
};
type Running = { readonly controller: AbortController; reports: number; progress: JobProgress | undefined };

/** Failures that are no outcome (this server cannot do it now) are tried again after this. */
const COME_AGAIN_MS = 250;
/** Between looks at webhooks that are due. */
const WEBHOOK_LOOK_MS = 1000;

/**
 * @param path the file; its folder must be there. One server at a time: a second one is refused
 * @throws Error when the file is in use or is no database
 */
export function openSqliteQueue(path: string, settings: QueueSettings, now: () => number = Date.now): JobQueue {
  const database = open(path);
  const running = new Map<string, Running>();
  const stop = new AbortController();
  const stopTaking = new AbortController();
  const loops: Promise<void>[] = [];
  let news = Promise.withResolvers<void>();
  const one = <T>(sql: string, ...values: SQLInputValue[]): T | undefined => database.prepare(sql).get(...values) as T | undefined; // columns as the schema has them
  const all = <T>(sql: string, ...values: SQLInputValue[]): readonly T[] => database.prepare(sql).all(...values) as T[]; // as above
  const run = (sql: string, ...values: SQLInputValue[]): number => Number(database.prepare(sql).run(...values).changes);

  // What the last server was at when it ended.
  run(`UPDATE jobs SET state = 'waiting' WHERE state = 'running'`);
  return { add, replay: async (idempotency) => seen(idempotency), find, cancel, remove, counts, start, expire, close };

  async function add(specs: readonly JobSpec[], idempotency?: Idempotency): Promise<{ readonly ids: readonly string[]; readonly replayed: boolean }> {
    return transact(() => {
      const before = idempotency === undefined ? undefined : seen(idempotency);
      if (before !== undefined) return { ids: before, replayed: true };
      const { waiting } = countNow();
      if (waiting + specs.length > settings.maxWaiting)
        throw new ApiError('overloaded', `${settings.maxWaiting} jobs may wait, ${waiting} do; come again later.`, { retryAfterSec: 30 });
      for (const spec of specs) insert(spec);
      const ids = specs.map(({ id }) => id);
      if (idempotency !== undefined) {
        const { client, key, fingerprint } = idempotency;
        run('INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?)', client, key, fingerprint, JSON.stringify(ids), now() + settings.keepMs);
      }
      tell();
      return { ids, replayed: false };
    });
  }

  function seen({ client, key, fingerprint }: Idempotency): readonly string[] | undefined {
    const entry = one<{ fingerprint: string; ids: string }>(
      'SELECT fingerprint, ids FROM keys WHERE client = ? AND key = ? AND expires_at > ?',
      client,
      key,
      now(),
    );
    if (entry === undefined) return undefined;
    if (entry.fingerprint !== fingerprint) throw idempotencyMismatch();
    return JSON.parse(entry.ids) as string[]; // written by `add`
  }

  function insert(spec: JobSpec): void {
    const { turn: round } = one<{ turn: number }>('SELECT turn FROM rounds') ?? { turn: 0 };
    const { last } = one<{ last: number | null }>(`SELECT max(turn) AS last FROM jobs WHERE client = ? AND state = 'waiting'`, spec.client) ?? { last: null };
    const { number } = one<{ number: number | null }>('SELECT max(number) AS number FROM jobs') ?? { number: null };
    const values = [spec.id, spec.client, JSON.stringify(spec), Math.max(round, last ?? 0) + 1, (number ?? 0) + 1];
    run(`INSERT INTO jobs (id, client, spec, state, turn, number) VALUES (?, ?, ?, 'waiting', ?, ?)`, ...values);
  }

  async function find(id: string): Promise<Job | undefined> {
    const row = one<Row>('SELECT * FROM jobs WHERE id = ?', id);
    return row === undefined ? undefined : toJob(row);
  }

  function toJob(row: Row): Job {
    const live = running.get(row.id);
    return {
      ...(JSON.parse(row.spec) as JobSpec), // written by `insert`
      state: row.state,
      revision: revisionOf(row.state, row.starts, live?.reports ?? 0),
      place: row.state === 'waiting' ? placeOf(row) : undefined,
      progress: row.state === 'running' ? live?.progress : undefined,
      startedAt: row.started_at ?? undefined,
      endedAt: row.ended_at ?? undefined,
      expiresAt: row.expires_at ?? undefined,
      outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as JobOutcome), // written by `end`
    };
  }

  /** By the index `jobs_next`: as many steps as jobs are before it, up to the last place that is told. */
  function placeOf({ turn, number }: Row): number {
    const before = `SELECT 1 FROM jobs WHERE state = 'waiting' AND (turn, number) < (?, ?) LIMIT ?`;
    return 1 + (one<{ n: number }>(`SELECT count(*) AS n FROM (${before})`, turn, number, LAST_PLACE - 1)?.n ?? 0);
  }

  async function cancel(id: string): Promise<void> {
    if (end(id, { state: 'cancelled' })) running.get(id)?.controller.abort(new DOMException('The job was cancelled.', 'AbortError'));
  }

  async function remove(id: string): Promise<void> {
    run('DELETE FROM jobs WHERE id = ? AND ended_at IS NOT NULL', id);
  }

  async function counts(): Promise<{ waiting: number; running: number }> {
    return countNow();
  }

  function countNow(): { waiting: number; running: number } {
    const count = (state: string): number => one<{ n: number }>('SELECT count(*) AS n FROM jobs WHERE state = ?', state)?.n ?? 0;
    return { waiting: count('waiting'), running: count('running') };
  }

  function start(handlers: JobHandlers): void {
    for (let n = 0; n < settings.concurrency; n++) loops.push(takeJobs(handlers));
    loops.push(sendWebhooks(handlers));
  }

  async function takeJobs(handlers: JobHandlers): Promise<void> {
    while (!stopTaking.signal.aborted) {
      const heard = news.promise;
      const job = await untilWritten(begin);
      if (job === undefined) await untilAborted(heard, stopTaking.signal);
      else await serve(job, handlers);
    }
  }

  /** The next job, in this server's hands. */
  function begin(): Job | undefined {
    return transact(() => {
      const row = one<Row>(`SELECT * FROM jobs WHERE state = 'waiting' ORDER BY turn, number LIMIT 1`);
      if (row === undefined) return undefined;
      run('UPDATE rounds SET turn = max(turn, ?)', row.turn);
      if (row.crashes >= settings.maxStarts) {
        end(row.id, givenUp(row.crashes));
        return begin();
      }
      run(`UPDATE jobs SET state = 'running', starts = starts + 1, started_at = ? WHERE id = ?`, now(), row.id);
      running.set(row.id, { controller: new AbortController(), reports: 0, progress: undefined });
      return toJob({ ...row, state: 'running', starts: row.starts + 1, started_at: now() });
    });
  }

  async function serve(job: Job, handlers: JobHandlers): Promise<void> {
    const live = running.get(job.id);
    if (live === undefined) return;
    const { signal } = live.controller;
    try {
      const outcome = await handlers.run(job, AbortSignal.any([signal, stop.signal]), (progress) => {
        // Counted before it can happen, and taken back when it did not.
        if (live.reports++ === 0) countCrash(job.id);
        live.progress = progress;
      });
      await untilWritten(() => end(job.id, outcome));
    } catch {
      // It was cancelled, and that is written; or this server ends or is not able now, which is not the job's fault.
      const begun = Math.min(1, live.reports);
      await untilWritten(() => run(`UPDATE jobs SET state = 'waiting', crashes = max(0, crashes - ?) WHERE id = ? AND state = 'running'`, begun, job.id));
      tell();
      await untilAborted(wait(COME_AGAIN_MS), stopTaking.signal);
    } finally {
      running.delete(job.id);
    }
  }

  /** On a full disk it is not counted; then it is begun once more than it should. */
  function countCrash(id: string): void {
    try {
      run('UPDATE jobs SET crashes = crashes + 1 WHERE id = ?', id);
    } catch (error) {
      settings.onError(error);
    }
  }

  /** A full disk keeps states from being written: that is tried until there is room. A server that ends meanwhile leaves the job as it was. */
  async function untilWritten<T>(write: () => T): Promise<T | undefined> {
    for (;;) {
      try {
        return write();
      } catch (error) {
        settings.onError(error);
        if (stopTaking.signal.aborted) return undefined;
        await wait(COME_AGAIN_MS);
      }
    }
  }

  /** @returns false when it has ended before */
  function end(id: string, outcome: JobOutcome): boolean {
    return transact(() => {
      const [state, text, at] = [outcome.state, JSON.stringify(outcome), now()];
      const changed = run(
        'UPDATE jobs SET state = ?, outcome = ?, ended_at = ?, expires_at = ? WHERE id = ? AND ended_at IS NULL',
        state,
        text,
        at,
        at + settings.keepMs,
        id,
      );
      if (changed === 0) return false;
      const row = one<{ spec: string }>('SELECT spec FROM jobs WHERE id = ?', id);
      settings.onEnded(id);
      if (row !== undefined && (JSON.parse(row.spec) as JobSpec).webhook !== undefined) setWebhook(id, 1); // written by `insert`
      return true;
    });
  }

  function setWebhook(id: string, attempt: number): void {
    const delay = settings.webhookDelayMs(attempt);
    if (delay === undefined) run('DELETE FROM webhooks WHERE id = ?', id);
    else run('INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?)', id, now() + delay, attempt);
    tell();
  }

  async function sendWebhooks({ notify }: JobHandlers): Promise<void> {
    while (!stopTaking.signal.aborted) {
      const heard = news.promise;
      const due = all<{ id: string; attempt: number }>('SELECT id, attempt FROM webhooks WHERE due_at <= ? ORDER BY due_at LIMIT 16', now());
      await Promise.all(due.map(({ id, attempt }) => sendWebhook(id, attempt, notify)));
      if (due.length === 0) await untilAborted(Promise.race([heard, wait(WEBHOOK_LOOK_MS, undefined, { signal: stopTaking.signal })]), stopTaking.signal);
    }
  }

  async function sendWebhook(id: string, attempt: number, notify: JobHandlers['notify']): Promise<void> {
    const job = await find(id);
    try {
      if (job !== undefined) await notify(job);
    } catch {
      return void (await untilWritten(() => setWebhook(id, attempt + 1)));
    }
    await untilWritten(() => run('DELETE FROM webhooks WHERE id = ?', id));
  }

  async function expire(): Promise<readonly string[]> {
    run('DELETE FROM keys WHERE expires_at <= ?', now());
    const due = all<{ id: string }>('SELECT id FROM jobs WHERE expires_at <= ? LIMIT 1000', now()).map(({ id }) => id);
    for (const id of due) run('DELETE FROM jobs WHERE id = ?', id);
    return due;
  }

  async function close(timeoutMs: number): Promise<void> {
    stopTaking.abort();
    const timer = setTimeout(() => stop.abort(new DOMException('The server is ending.', 'AbortError')), timeoutMs);
    await Promise.all(loops);
    clearTimeout(timer);
    database.close();
  }

  function tell(): void {
    news.resolve();
    news = Promise.withResolvers();
  }

  /** Inside another one it is part of that. */
  function transact<T>(work: () => T): T {
    if (database.isTransaction) return work();
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** For one server alone; on the disk with every commit. */
function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec(SCHEMA);
    return database;
  } catch (cause) {
    database.close();
    throw new Error(`The jobs in ${path} cannot be opened: is another server using them? (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
}

async function untilAborted(event: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const leave = (): void => aborted.resolve();
  signal.addEventListener('abort', leave, { once: true });
  await Promise.race([event.catch(() => {}), aborted.promise]); // a wait that is aborted rejects
  signal.removeEventListener('abort', leave);
}
