/** Jobs on real servers, with the real model, while processes end and connections break: each ends once, with the right picture. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobMessage } from '@fairweather/core/contract';
import { ROUTES } from '@fairweather/core/contract';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchResult, findJob, readEvents, submitJobs } from '../../testing/job-client.ts';
import { startRedis, type TestRedis } from '../../testing/redis-server.ts';
import { type ServerProcess, startServerProcess } from '../../testing/server-process.ts';
import { paintPicture } from '../../testing/test-server.ts';

const PATIENT = { timeout: 60_000, interval: 50 };
/** Nine tiles of 256: long enough to be interrupted. */
const LONG = '?tile=256&seed=3';
const large = await paintPicture(500, 500);
const small = await Promise.all([40, 48, 56, 64, 72, 80].map((width) => paintPicture(width, 32)));
let expectedLarge: Uint8Array;
let folder: string;
const servers: ServerProcess[] = [];

const start = async (environment: Record<string, string> = {}): Promise<ServerProcess> => {
  const server = await startServerProcess({ FAIRWEATHER_JOBS_DIR: folder, ...environment });
  servers.push(server);
  return server;
};
const states = (url: string, jobs: readonly JobMessage[]): Promise<(string | undefined)[]> =>
  Promise.all(jobs.map(async (job) => (await findJob(url, job))?.state));
const restoreDirectly = async (url: string, picture: Uint8Array<ArrayBuffer>, query = ''): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(url + ROUTES.restore + query, { method: 'POST', body: picture })).arrayBuffer());
const untilRunning = (url: string, job: JobMessage): Promise<void> =>
  expect.poll(async () => (await findJob(url, job))?.progress?.phase, PATIENT).toBe('restore');
const untilDone = (url: string, jobs: readonly JobMessage[]): Promise<void> => expect.poll(() => states(url, jobs), PATIENT).toEqual(jobs.map(() => 'done'));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairweather-faults-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  await rm(folder, { recursive: true });
});
beforeAll(async () => {
  const other = await mkdtemp(join(tmpdir(), 'fairweather-faults-'));
  const server = await startServerProcess({ FAIRWEATHER_JOBS_DIR: other });
  expectedLarge = await restoreDirectly(server.url, large, LONG);
  await server.end();
  await rm(other, { recursive: true });
});

describe('jobs of one server', () => {
  it('that is killed in the middle of one are all done after its next start, to the same bytes', async () => {
    const first = await start();
    const [long] = await submitJobs(first.url, [large], LONG);
    const others = await submitJobs(first.url, small.slice(0, 2));
    if (long === undefined) throw new Error('No job came.');
    await untilRunning(first.url, long);
    await first.kill();
    const next = await start();
    await untilDone(next.url, [long, ...others]);
    expect(await fetchResult(next.url, long)).toEqual(expectedLarge);
    expect(await fetchResult(next.url, others[0] as JobMessage)).toEqual(await restoreDirectly(next.url, small[0] as Uint8Array<ArrayBuffer>));
    expect((await readdir(join(folder, 'pictures'))).sort()).toEqual([long, ...others].map(({ id }) => `${id}.result`).sort());
  });
  it('that is killed three times with the same one fail it clearly, and the others are done', async () => {
    const first = await start();
    const [long, other] = [...(await submitJobs(first.url, [large], LONG)), ...(await submitJobs(first.url, small.slice(0, 1)))];
    if (long === undefined || other === undefined) throw new Error('No job came.');
    let server = first;
    for (let kills = 0; kills < 3; kills++) {
      await untilRunning(server.url, long);
      await server.kill();
      server = await start();
    }
    await untilDone(server.url, [other]);
    expect(await findJob(server.url, long)).toMatchObject({ state: 'failed', problem: { code: 'engine-crashed', retryable: true } });
  });
  it('are seen to their end though the stream of their events is cut', async () => {
    const { url } = await start();
    const [job] = await submitJobs(url, [large], LONG);
    if (job === undefined) throw new Error('No job came.');
    const cut = new AbortController();
    const before: { id: string; fraction: number }[] = [];
    const broken = (async () => {
      for await (const { id, job: now } of readEvents(url, job, { signal: cut.signal })) {
        before.push({ id, fraction: now.progress?.fraction ?? 0 });
        if (now.state === 'running') cut.abort();
      }
    })();
    await expect(broken).rejects.toMatchObject({ name: 'AbortError' });
    const after: { id: string; event: string }[] = [];
    for await (const { id, event } of readEvents(url, job, { lastEventId: before.at(-1)?.id ?? '' })) after.push({ id, event });
    expect(after.at(-1)?.event).toBe('done');
    const ids = [...before, ...after].map(({ id }) => Number(id));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b)); // nothing twice, nothing back
    expect(before.at(-1)?.fraction).toBeLessThan(1);
    expect(await fetchResult(url, job)).toEqual(expectedLarge);
  });
});

describe('jobs of three servers on one Redis', () => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.close());
  const startThree = (): Promise<readonly ServerProcess[]> =>
    Promise.all([1, 2, 3].map(() => start({ REDIS_URL: redis.url, FAIRWEATHER_JOBS_LOCK_MS: '1500', FAIRWEATHER_LOG_LEVEL: 'info' })));

  it('are all done when one of them is killed in the middle of its work', async () => {
    const [first, second, third] = await startThree();
    if (first === undefined || second === undefined || third === undefined) throw new Error('No server came.');
    const jobs = [
      ...(await submitJobs(
        first.url,
        Array.from({ length: 6 }, () => large),
        LONG,
      )),
      ...(await submitJobs(second.url, small)),
    ];
    await expect.poll(async () => (await states(third.url, jobs)).filter((state) => state === 'running').length, PATIENT).toBeGreaterThanOrEqual(3);
    await first.kill();
    await untilDone(third.url, jobs);
    for (const job of jobs.slice(0, 6)) expect(await fetchResult(second.url, job)).toEqual(expectedLarge);
    expect((await readdir(join(folder, 'pictures'))).sort()).toEqual(jobs.map(({ id }) => `${id}.result`).sort());
  });
  it('are all done when Redis is killed in the middle and starts again; meanwhile nothing new is accepted', async () => {
    const [first, second] = await startThree();
    if (first === undefined || second === undefined) throw new Error('No server came.');
    const jobs = await submitJobs(first.url, [large, large, large, large, ...small], LONG);
    await expect.poll(async () => (await states(second.url, jobs)).filter((state) => state === 'running').length, PATIENT).toBeGreaterThanOrEqual(3);
    await redis.kill();
    const refused = await fetch(first.url + ROUTES.jobs, { method: 'POST', body: large });
    expect([refused.status, refused.headers.get('Retry-After'), await refused.json()]).toEqual([503, '5', expect.objectContaining({ code: 'storage-failed' })]);
    expect((await restoreDirectly(second.url, small[0] as Uint8Array<ArrayBuffer>)).length).toBeGreaterThan(0); // direct requests need no Redis
    await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than a hold on a job lasts
    await redis.restart();
    await untilDone(second.url, jobs);
    for (const job of jobs.slice(0, 4)) expect(await fetchResult(second.url, job)).toEqual(expectedLarge);
  });
});
