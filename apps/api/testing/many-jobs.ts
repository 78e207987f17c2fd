/**
 * Many jobs of two clients, some server processes on one real Redis, the real model -> what became of them: lost, done twice, in which order, with
 * how much memory. One client hands in all of its jobs before the other hands in any.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openBullmqQueue } from '../src/jobs/bullmq-queue.ts';
import { openFolderStore } from '../src/jobs/folder-store.ts';
import { type BlobStore, createJobId, inputName, type JobQueue, type JobSpec, resultName } from '../src/jobs/job.ts';
import type { JobServerReport } from './job-server.ts';
import { startRedis } from './redis-server.ts';
import { paintPicture } from './test-server.ts';

export type ManyJobs = {
  readonly seconds: number;
  /** Jobs that each server began. */
  readonly byServer: readonly number[];
  readonly notDone: number;
  readonly withResult: number;
  readonly begunTwice: number;
  /** How many jobs one client was ahead of the other at most. */
  readonly furthestAhead: number;
  /** After each tenth of the jobs, of each server; Linux alone. */
  readonly memoryMb: readonly (readonly number[])[];
};

/** @param count even; a PNG of 16 x 16 each */
export async function runManyJobs(count: number, serverCount: number, onRedis: (url: string) => Promise<void> = async () => {}): Promise<ManyJobs> {
  const folder = await mkdtemp(join(tmpdir(), 'fairweather-many-jobs-'));
  const redis = await startRedis();
  const servers: ChildProcess[] = [];
  const blobs = await openFolderStore(join(folder, 'pictures'));
  const queue = await openQueue(redis.url, count);
  try {
    const specs = await handIn(queue, blobs, count);
    const begin = performance.now();
    const script = fileURLToPath(new URL('./job-server.ts', import.meta.url));
    for (let i = 0; i < serverCount; i++) servers.push(fork(script, [redis.url, folder], { execArgv: [] }));
    const memoryMb = await watchMemory(queue, servers, count);
    const seconds = (performance.now() - begin) / 1000;
    const reports = await Promise.all(servers.map(askReport));
    await onRedis(redis.url);
    return {
      seconds,
      byServer: reports.map(({ begun }) => begun.length),
      memoryMb,
      ...(await countOutcomes(queue, blobs, specs)),
      ...judgeOrder(specs, reports),
    };
  } finally {
    for (const server of servers) server.kill('SIGKILL');
    await queue.close(0);
    await redis.close();
    await rm(folder, { recursive: true, maxRetries: 5 }); // a server may just be writing
  }
}

function openQueue(url: string, count: number): Promise<JobQueue> {
  return openBullmqQueue({
    concurrency: 1,
    maxWaiting: count,
    keepMs: 3_600_000,
    maxStarts: 3,
    webhookDelayMs: () => undefined,
    onEnded: () => {},
    url,
    lockMs: 30_000,
    onError: console.error,
  });
}

async function handIn(queue: JobQueue, blobs: BlobStore, count: number): Promise<readonly JobSpec[]> {
  const picture = await paintPicture(16, 16);
  const halves = ['first', 'second'].map((client) =>
    Array.from({ length: count / 2 }, (): JobSpec => ({ id: createJobId(), client, requestId: client, options: {}, createdAt: Date.now() })),
  );
  for (const { id } of halves.flat()) await blobs.put(inputName(id), picture);
  for (const half of halves) for (let at = 0; at < half.length; at += 100) await queue.add(half.slice(at, at + 100));
  return halves.flat();
}

/** Until all jobs have ended. */
async function watchMemory(queue: JobQueue, servers: readonly ChildProcess[], count: number): Promise<readonly (readonly number[])[]> {
  const memory: (readonly number[])[] = [];
  let left = count;
  for (let part = 9; part >= 0; part--) {
    while (left > (count * part) / 10) {
      await wait(200);
      const { waiting, running } = await queue.counts();
      left = waiting + running;
    }
    memory.push(await Promise.all(servers.map(({ pid }) => residentMb(pid ?? 0))));
  }
  return memory;
}

async function askReport(server: ChildProcess): Promise<JobServerReport> {
  const answer = once(server, 'message');
  server.send('report');
  const [report] = (await answer) as [JobServerReport];
  return report;
}

async function countOutcomes(queue: JobQueue, blobs: BlobStore, specs: readonly JobSpec[]): Promise<Pick<ManyJobs, 'notDone' | 'withResult'>> {
  let [notDone, withResult] = [0, 0];
  for (const { id } of specs) {
    if ((await queue.find(id))?.state !== 'done') notDone++;
    if ((await blobs.get(resultName(id))) !== undefined) withResult++;
  }
  return { notDone, withResult };
}

function judgeOrder(specs: readonly JobSpec[], reports: readonly JobServerReport[]): Pick<ManyJobs, 'begunTwice' | 'furthestAhead'> {
  const runs = reports.flatMap(({ begun }) => begun).sort((a, b) => a.at - b.at);
  const clientOf = new Map(specs.map(({ id, client }) => [id, client]));
  let [ahead, furthestAhead] = [0, 0];
  for (const { id } of runs) {
    ahead += clientOf.get(id) === 'first' ? 1 : -1;
    furthestAhead = Math.max(furthestAhead, Math.abs(ahead));
  }
  return { begunTwice: runs.length - new Set(runs.map(({ id }) => id)).size, furthestAhead };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''); // not on every system
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1000;
}
