/** The client with jobs against a real server: the same suite, its progress, aborts, and streams that are cut. */
import { createNodeRestorer } from '@fairweather/core/node';
import { ROUTES } from '@fairweather/core/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import type { ProgressEvent } from '../../src/engine-port.ts';
import { createClient } from '../../src/remote.ts';
import { describeClient, largeRainyPicture, rainyPicture, wideRainyPicture } from '../../testing/client-suite.ts';

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
    let cuts = 0;
    /** Every event stream breaks off behind its first event. */
    const cut = (path: string, response: Response): Response => {
      if (!path.endsWith('/events') || response.body === null || ++cuts > 5) return response;
      let events = 0;
      const breakOff = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          if (events++ > 0) throw new TypeError('terminated');
          out.enqueue(chunk);
        },
      });
      return new Response(response.body.pipeThrough(breakOff), response);
    };
    const client = createClient({ baseUrl: server.url, jobs: true, maxRetries: 0, fetch: watch(seen, cut) });
    const { report } = await client.restore(wideRainyPicture, { tile: 256 });
    expect(report.tiles.count).toBeGreaterThan(1);
    expect(cuts).toBeGreaterThan(1);
    expect(seen.filter((request) => request.endsWith('/events'))).toHaveLength(cuts);
  });
});
