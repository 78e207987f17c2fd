/** Jobs against the real API: the client's option `jobs` by the suite of all clients; `client.jobs` through cut streams, aborts and a server that is killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeRestorer } from '@fairweather/core/node';
import { ROUTES } from '@fairweather/core/contract';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { createFakeApp } from '../../../../apps/api/testing/fake-app.ts';
import { createFakeWorkers } from '../../../../apps/api/testing/fake-workers.ts';
import { findFreePort } from '../../../../apps/api/testing/free-port.ts';
import { createMemoryStore } from '../../../../apps/api/testing/memory-store.ts';
import { startServerProcess } from '../../../../apps/api/testing/server-process.ts';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import type { ProgressEvent } from '../../src/engine-port.ts';
import type { JobEvent } from '../../src/job-types.ts';
import { createClient } from '../../src/remote.ts';
import { describeClient, largeRainyPicture, rainyPicture, wideRainyPicture } from '../../testing/client-suite.ts';
import { psnr } from '../../testing/psnr.ts';

const reference = (async () => {
  await using restorer = await createNodeRestorer({ backend: 'cpu' });
  return new Blob([(await restorer.restore(rainyPicture, { seed: 5 })).image]);
})();
const server = await startTestServer();
afterAll(() => server.close());
/** Requests of a client, as `METHOD path`. */
const watch =
  (seen: string[], change: (path: string, response: Response) => Response = (_, response) => response): typeof fetch =>
  async (url, init) => {
    const { pathname } = new URL(String(url));
    seen.push(`${init?.method ?? 'GET'} ${pathname.replace(/job_\w+/, '{id}')}`);
    return change(pathname, await fetch(url, init));
  };

/** The first event streams break off behind their first event. */
function cutEvents(): { readonly cut: (path: string, response: Response) => Response; readonly cuts: number } {
  let cuts = 0;
  return {
    get cuts() {
      return cuts;
    },
    cut: (path, response) => {
      if (!path.endsWith('/events') || response.body === null || cuts > 3) return response;
      cuts++;
      let events = 0;
      const breakOff = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          if (events++ > 0) throw new TypeError('terminated');
          out.enqueue(chunk);
        },
      });
      return new Response(response.body.pipeThrough(breakOff), response);
    },
  };
}

describe('as jobs', () => describeClient(createClient({ baseUrl: server.url, jobs: true }), reference));

describe('a job', () => {
  it('tells its progress, names itself, and is forgotten by the server once it has been fetched', async () => {
    const [events, seen]: [ProgressEvent[], string[]] = [[], []];
    const client = createClient({ baseUrl: server.url, jobs: true, fetch: watch(seen) });
    const { report } = await client.restore(largeRainyPicture, { tile: 256, onProgress: (event) => events.push(event) });
    expect(report.run).toMatchObject({ engine: 'remote', jobId: expect.stringMatching(/^job_/) });
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['upload', 'work']));
    await expect.poll(() => seen).toEqual(['POST /v1/jobs', 'GET /v1/jobs/{id}/events', 'GET /v1/jobs/{id}/result', 'DELETE /v1/jobs/{id}']);
    await expect.poll(async () => (await fetch(`${server.url}${ROUTES.jobs}/${report.run.jobId}`)).status).toBe(404);
  });
  it('is cancelled by an abort', async () => {
    const seen: string[] = [];
    const controller = new AbortController();
    const client = createClient({ baseUrl: server.url, jobs: true, fetch: watch(seen) });
    const call = client.restore(largeRainyPicture, {
      tile: 256,
      signal: controller.signal,
      onProgress: ({ type }) => void (type === 'work' && controller.abort()),
    });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => seen.at(-1)).toBe('DELETE /v1/jobs/{id}');
  });
  it('is watched on where its stream was cut, however often', async () => {
    const seen: string[] = [];
    const cutting = cutEvents();
    const client = createClient({ baseUrl: server.url, jobs: true, fetch: watch(seen, cutting.cut) });
    const { report } = await client.restore(wideRainyPicture, { tile: 256 });
    expect(report.tiles.count).toBeGreaterThan(1);
    expect(cutting.cuts).toBeGreaterThan(1);
    expect(seen.filter((request) => request.endsWith('/events')).length).toBeGreaterThan(1);
  });
});

describe('client.jobs through a socket', async () => {
  const workers = createFakeWorkers('held');
  const held = await startTestServer({ FAIRWEATHER_QUEUE_PER_CLIENT: '8' }, workers.start);
  afterAll(() => held.close());
  const client = createClient({ baseUrl: held.url });
  /** Two at a time are at work, begun in the order in which their pictures came out of the store. */
  const begun = (...firsts: number[]): Promise<void> => expect.poll(() => workers.begun, { timeout: 20_000 }).toEqual(expect.arrayContaining(firsts));
  const picture = (first: number): Uint8Array<ArrayBuffer> => Uint8Array.of(first, 9);
  const untilState = (id: string, state: string): Promise<void> => expect.poll(async () => (await client.jobs.get(id)).state, { timeout: 20_000 }).toBe(state);
  const bytesOf = async (image: Blob): Promise<number[]> => [...new Uint8Array(await image.arrayBuffer())];

  it('gives the picture of a job to all who wait for it, by its id alone; who leaves does not end it', async () => {
    const { id } = await client.jobs.submit(picture(1), { seed: 5 });
    await begun(1);
    const controller = new AbortController();
    const leaving = client.jobs.wait(id, { signal: controller.signal });
    const waiting = Promise.all([client.jobs.wait(id), createClient({ baseUrl: held.url }).jobs.wait(id)]);
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    expect((await client.jobs.get(id)).state).toBe('running');
    workers.finish();
    for (const { image, report } of [...(await waiting), await client.jobs.result(id)]) {
      expect([await bytesOf(image), image.type]).toEqual([[1, 9], 'image/png']);
      expect(report).toMatchObject({ seed: 5, run: { engine: 'remote', jobId: id } });
    }
  });
  it('tells every event once though its streams are cut, and goes on behind the one that was seen last', async () => {
    const [events, cutting]: [JobEvent[], ReturnType<typeof cutEvents>] = [[], cutEvents()];
    const cut = createClient({ baseUrl: held.url, fetch: watch([], cutting.cut) });
    await cut.jobs.submitMany([picture(21), picture(22)]);
    await begun(21, 22);
    const { id } = await cut.jobs.submit(picture(3));
    for await (const event of cut.jobs.events(id)) {
      events.push(event);
      workers.finish(); // one of those before it; then the other, and itself
      if (event.job.state !== 'running') continue;
      await begun(3);
      workers.finish();
    }
    expect(events.map(({ job }) => job.state)).toEqual(['waiting', 'running', 'done']);
    expect(cutting.cuts).toBeGreaterThan(1);
    const later: JobEvent[] = [];
    for await (const event of client.jobs.events(id, { lastEventId: events[1]?.id ?? '' })) later.push(event);
    expect(later).toEqual(events.slice(2));
    expect(await client.jobs.events(id, { lastEventId: later[0]?.id ?? '' }).next()).toEqual({ done: true, value: undefined });
  });
  it('tells the place of a job behind others while it waits', async () => {
    const places: (number | undefined)[] = [];
    const behind = (await client.jobs.submitMany([picture(41), picture(42), picture(5), picture(6)])).at(-1);
    await begun(41, 42);
    const waiting = client.jobs.wait(behind?.id ?? '', {
      onProgress: (event) => {
        if (event.type !== 'queue') return;
        places.push(event.place);
        workers.finish();
      },
    });
    await begun(6);
    for (let n = 0; n < 2; n++) workers.finish();
    expect(await bytesOf((await waiting).image)).toEqual([6, 9]);
    expect(places).toEqual([2, 1]);
  });
  it('cancels what runs, and knows no others', async () => {
    const { id } = await client.jobs.submit(picture(7));
    await untilState(id, 'running');
    const waiting = client.jobs.wait(id);
    await client.jobs.cancel(id);
    await expect(waiting).rejects.toMatchObject({ code: 'client-closed' });
    expect((await client.jobs.get(id)).state).toBe('cancelled');
    const nobody = 'job_00000000000000000000000000000000';
    const calls = [
      client.jobs.get(nobody),
      client.jobs.wait(nobody),
      client.jobs.result(nobody),
      client.jobs.cancel(nobody),
      client.jobs.events(nobody).next(),
    ];
    for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'not-found', status: 404 } });
  });
  it('gives the job of the first time for a key that comes again, also from another client', async () => {
    const options = { idempotencyKey: crypto.randomUUID(), seed: 1 };
    const first = await client.jobs.submit(picture(8), options);
    expect(await createClient({ baseUrl: held.url }).jobs.submit(picture(8), options)).toEqual(first);
    await expect(client.jobs.submit(picture(8), { ...options, seed: 2 })).rejects.toMatchObject({ code: 'idempotency-mismatch', retryable: false });
    await client.jobs.cancel(first.id);
  });
});

describe('client.jobs through app.request', async () => {
  const blobs = createMemoryStore();
  const { app } = await createFakeApp({ maxBodyBytes: 1_000_000 }, { blobs, workers: createFakeWorkers('at-once') });
  const { jobs } = createClient({ baseUrl: 'http://api.test', fetch: async (url, init) => app.request(String(url), init) });

  it('hands in many pictures at once, one job each, in their order', async () => {
    const ids = await jobs.submitMany(
      [1, 2, 3].map((first) => Uint8Array.of(first, 9)),
      { seed: 4 },
    );
    const results = await Promise.all(ids.map(({ id }) => jobs.wait(id)));
    expect(await Promise.all(results.map(async ({ image }) => [...new Uint8Array(await image.arrayBuffer())]))).toEqual([1, 2, 3].map((first) => [first, 9]));
    expect(results.map(({ report }) => report.seed)).toEqual([4, 4, 4]);
  });
  it('says that a result has expired', async () => {
    const { id } = await jobs.submit(Uint8Array.of(5));
    await jobs.wait(id);
    await blobs.delete(`${id}.result`);
    await expect(jobs.result(id)).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('expired'), retryable: false });
    await jobs.cancel(id);
    await expect(jobs.wait(id)).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('expired') });
  });
});

/** Nine tiles of 256: long enough to be interrupted. */
const middlingPicture = new Blob([
  new Uint8Array(
    await sharp(Buffer.from(await largeRainyPicture.arrayBuffer()))
      .resize(500, 500)
      .png()
      .toBuffer(),
  ),
]);

it('a job that was accepted gives its picture to who waits for it, though its server is killed in the middle and starts again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairweather-client-jobs-'));
  const environment = { FAIRWEATHER_JOBS_DIR: folder, PORT: String(await findFreePort()) };
  let process = await startServerProcess(environment);
  try {
    const { jobs } = createClient({ baseUrl: process.url });
    const { id } = await jobs.submit(middlingPicture, { tile: 256, seed: 5 });
    const waiting = jobs.wait(id);
    for await (const { job } of jobs.events(id)) if (job.state !== 'waiting') break;
    await process.kill();
    process = await startServerProcess(environment);
    const { image, report } = await waiting;
    expect(report).toMatchObject({ seed: 5, run: { jobId: id } });
    expect(await psnr(image, (await jobs.result(id)).image)).toBe(Number.POSITIVE_INFINITY);
    expect(await psnr(image, middlingPicture)).toBeLessThan(40); // something was taken away
  } finally {
    await process.kill();
    await rm(folder, { recursive: true });
  }
}, 240_000);
