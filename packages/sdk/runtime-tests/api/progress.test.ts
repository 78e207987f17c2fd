/** Progress of direct restorations, by the API's app, a real server's socket and a gateway before it: place, work, aborts. */
import { afterAll, describe, expect, it } from 'vitest';
import { createFakeApp } from '../../../../apps/api/testing/fake-app.ts';
import { createFakeWorkers } from '../../../../apps/api/testing/fake-workers.ts';
import { startGateway } from '../../../../apps/api/testing/gateway-server.ts';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import type { ProgressEvent } from '../../src/engine-port.ts';
import { createClient } from '../../src/remote.ts';

/** Machines may be busy. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });
type Api = {
  readonly name: string;
  readonly workers: ReturnType<typeof createFakeWorkers>;
  readonly client: ReturnType<typeof createClient>;
  taken(): number;
  waiting(): number;
};

const [byApp, bySocket] = [createFakeWorkers('held'), createFakeWorkers('held')];
const fake = await createFakeApp({ queuePerClient: 8 }, { workers: byApp, engine: { queue: 8, perWorker: 2 } });
const server = await startTestServer({ FAIRWEATHER_QUEUE_PER_CLIENT: '8' }, bySocket.start);
const gate = await startGateway({ origins: [server.url], maxBodyBytes: 1e6, keepBytes: 1e6, originTimeoutMs: 60_000, hedgeMs: 20 });
afterAll(async () => {
  gate.close();
  await server.close();
});

const ofServer = { workers: bySocket, taken: () => server.engine.status().taken, waiting: () => server.engine.status().waiting };
describe.each<Api>([
  {
    name: 'app.request',
    workers: byApp,
    client: createClient({ baseUrl: 'http://api.test', fetch: async (url, init) => fake.app.request(String(url), init) }),
    taken: () => fake.engine.status().taken,
    waiting: () => fake.engine.status().waiting,
  },
  { name: 'a socket', ...ofServer, client: createClient({ baseUrl: server.url }) },
  { name: 'a gateway', ...ofServer, client: createClient({ baseUrl: gate.url }) },
])('through $name', ({ workers, client, taken, waiting }) => {
  const watch = (first: number, signal?: AbortSignal): { readonly events: ProgressEvent[]; readonly call: Promise<number | undefined> } => {
    const events: ProgressEvent[] = [];
    const call = client
      .restore(Uint8Array.of(first, 10, 10), { onProgress: (event) => events.push(event), ...(signal && { signal }) })
      .then(async ({ image }) => new Uint8Array(await image.arrayBuffer())[0]);
    return { events, call };
  };
  const placesOf = (events: readonly ProgressEvent[]): (number | undefined)[] => events.flatMap((event) => (event.type === 'queue' ? event.place : []));

  it('each picture is told its place until it is begun, then its tiles', async () => {
    const all: ReturnType<typeof watch>[] = [];
    // One after the other, so that their order is known: the first at work, the second held by the worker, the others waiting for it.
    for (const first of [1, 2, 3, 4]) {
      all.push(watch(first));
      await eventually(taken).toBe(first);
      await eventually(() => workers.begun.slice(-2).includes(first) || waiting() === first - 2).toBe(true);
    }
    await eventually(() => all.slice(1).map(({ events }) => placesOf(events))).toEqual([[1], [2], [3]]);
    for (const [i, { events, call }] of all.entries()) {
      workers.tell({ type: 'tile', tile: 1, tiles: 1, elapsedMs: 0 });
      await eventually(() => events.at(-1)?.type).toBe('tile');
      workers.finish();
      expect(await call).toBe(i + 1);
      await eventually(taken).toBe(3 - i);
      if (i < 2) await eventually(waiting).toBe(1 - i);
    }
    expect(all.map(({ events }) => placesOf(events))).toEqual([[], [1], [2, 1], [3, 2, 1]]);
    for (const { events } of all) expect(events.filter(({ type }) => type === 'upload').at(-1)).toMatchObject({ sentBytes: 3, totalBytes: 3 });
  });
  it('an abort ends the work at once, whether it waits or runs', async () => {
    const [running, held] = [new AbortController(), new AbortController()];
    const first = watch(5, running.signal);
    await eventually(taken).toBe(1);
    await eventually(() => workers.begun.at(-1)).toBe(5);
    workers.tell({ type: 'phase', phase: 'restore', elapsedMs: 0 });
    await eventually(() => first.events.at(-1)?.type).toBe('phase');
    const second = watch(6, held.signal);
    await eventually(() => placesOf(second.events)).toEqual([1]);
    held.abort();
    await expect(second.call).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(taken).toBe(1);
    running.abort();
    await expect(first.call).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(taken).toBe(0);
  });
  it('what fails at work is thrown with its code and status', async () => {
    const { events, call } = watch(7);
    const failed = expect(call).rejects.toMatchObject({ name: 'RestoreError', code: 'internal', status: 500, retryable: false });
    await eventually(() => workers.begun.at(-1)).toBe(7);
    workers.tell({ type: 'phase', phase: 'restore', elapsedMs: 0 });
    await eventually(() => events.at(-1)?.type).toBe('phase');
    workers.fail(new RangeError('a fault of ours'));
    await failed;
    expect(taken()).toBe(0);
  });
});
