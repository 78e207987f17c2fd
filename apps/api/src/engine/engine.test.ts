import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { manifest } from '../../testing/fake-app.ts';
import { createFakeWorkers } from '../../testing/fake-workers.ts';
import { createEngine, type Engine, type EngineEvent, type EngineSettings } from './engine.ts';
import type { Work } from './messages.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // V8's own, by the flag above

const never = new AbortController().signal;
const picture = (first: number): Work & { kind: 'restore' } => ({ kind: 'restore', input: Uint8Array.of(first), options: {} });
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

async function setUp(
  changes: Partial<EngineSettings> = {},
  workers = createFakeWorkers('held'),
): Promise<{ engine: Engine; workers: ReturnType<typeof createFakeWorkers>; events: EngineEvent[] }> {
  const events: EngineEvent[] = [];
  const settings = { workers: 1, perWorker: 1, queue: 10, queuePerClient: 10, deadlineMs: 60_000, ...changes };
  const engine = createEngine(settings, { manifest, startWorker: workers.start, onEvent: (event) => events.push(event) });
  await turns();
  return { engine, workers, events };
}

describe('the engine', () => {
  it('takes nothing before its first worker is ready', () => {
    const engine = createEngine(
      { workers: 1, perWorker: 1, queue: 1, queuePerClient: 1, deadlineMs: 1000 },
      { manifest, startWorker: () => new Promise(() => {}) },
    );
    expect(engine.status().state).toBe('loading');
    expect(() => engine.reserve('a')).toThrow(expect.objectContaining({ code: 'not-ready' }));
  });
  it('gives up when no worker can be started, and says why', async () => {
    const events: EngineEvent[] = [];
    const error = new Error('no model');
    const engine = createEngine(
      { workers: 2, perWorker: 1, queue: 1, queuePerClient: 1, deadlineMs: 1000 },
      { manifest, startWorker: () => Promise.reject(error), onEvent: (e) => events.push(e) },
    );
    await turns();
    expect([engine.status().state, events]).toEqual(['failed', [{ type: 'failed', error }]]);
  });
  it('refuses a place over its bound, and over one client’s, and gives freed ones away', async () => {
    const { engine } = await setUp({ queue: 2, queuePerClient: 2 });
    const first = engine.reserve('a');
    engine.reserve('a');
    expect(() => engine.reserve('a')).toThrow(expect.objectContaining({ code: 'overloaded', retryAfterSec: expect.any(Number) }));
    engine.reserve('b');
    expect(() => engine.reserve('c')).toThrow(expect.objectContaining({ code: 'overloaded' }));
    first.release();
    first.release();
    engine.reserve('c');
    expect(engine.status().taken).toBe(3);
  });
  it('serves clients in turn', async () => {
    const { engine, workers } = await setUp();
    const all = [1, 2, 3].map((n) => engine.reserve('a').run(picture(n), never));
    all.push(engine.reserve('b').run(picture(4), never));
    for (let i = 0; i < 4; i++) {
      await turns();
      workers.finish();
    }
    await Promise.all(all);
    expect(workers.begun).toEqual([1, 2, 4, 3]);
  });
  it('takes an aborted piece of work out of the queue, and stops one that runs', async () => {
    const { engine, workers } = await setUp();
    const [running, waiting] = [new AbortController(), new AbortController()];
    const calls = [engine.reserve('a').run(picture(1), running.signal), engine.reserve('a').run(picture(2), waiting.signal)];
    const outcomes = Promise.allSettled(calls);
    await turns();
    waiting.abort();
    running.abort();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turns();
    expect([workers.begun, engine.status().waiting, engine.status().running]).toEqual([[1], 0, 0]);
  });
  it('ends work at its deadline', async () => {
    const { engine } = await setUp({ deadlineMs: 20 });
    await expect(engine.reserve('a').run(picture(1), never)).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });
  it('does work again after a crash, before all that waits, in another worker', async () => {
    const { engine, workers, events } = await setUp();
    const [first, second] = [engine.reserve('a').run(picture(1), never), engine.reserve('b').run(picture(2), never)];
    await turns();
    workers.lose();
    await turns();
    workers.finish();
    expect((await first).result.image).toEqual(Uint8Array.of(1));
    await turns();
    workers.finish();
    await second;
    expect([workers.begun, workers.started, engine.status().crashes]).toEqual([[1, 1, 2], 2, 1]);
    expect(events.map(({ type }) => type)).toEqual(['started', 'lost', 'started']);
  });
  it('fails work that crashed two workers, and goes on with the next', async () => {
    const { engine, workers } = await setUp();
    const first = engine.reserve('a').run(picture(1), never);
    const second = engine.reserve('a').run(picture(2), never);
    const failed = expect(first).rejects.toMatchObject({ code: 'engine-crashed' });
    for (let i = 0; i < 2; i++) {
      await turns();
      workers.lose();
    }
    await failed;
    await turns();
    workers.finish();
    expect((await second).result.image).toEqual(Uint8Array.of(2));
  });
  it('keeps a second piece of work at hand, and does not blame it for a crash', async () => {
    const { engine, workers } = await setUp({ perWorker: 2 });
    const [first, second] = [engine.reserve('a').run(picture(1), never), engine.reserve('b').run(picture(2), never)];
    const failed = expect(first).rejects.toMatchObject({ code: 'engine-crashed' });
    await turns();
    expect(engine.status()).toMatchObject({ running: 2, waiting: 0 });
    workers.lose(); // while the first was being done
    await turns();
    expect(workers.begun).toEqual([1, 2, 2, 1]); // what is not to blame goes first
    workers.finish();
    expect((await second).result.image).toEqual(Uint8Array.of(2));
    workers.lose();
    await failed;
    expect(engine.status().crashes).toBe(2);
  });
  it('lets go of a picture once its work is done, though the client is still there', async () => {
    const { engine } = await setUp({}, createFakeWorkers('at-once'));
    const client = new AbortController();
    const begin = async (): Promise<WeakRef<Work>> => {
      const work = picture(1);
      await engine.reserve('a').run(work, client.signal);
      return new WeakRef(work);
    };
    const work = await begin();
    await new Promise((resolve) => setTimeout(resolve)); // a reference lives until the end of the turn that made it
    collectGarbage();
    expect([work.deref(), client.signal.aborted]).toEqual([undefined, false]);
  });
  it('hands an error of the work on without trying again', async () => {
    const { engine, workers } = await setUp();
    const call = engine.reserve('a').run(picture(1), never);
    const error = new RangeError('no');
    const failed = expect(call).rejects.toBe(error);
    await turns();
    workers.fail(error);
    await failed;
    expect(workers.begun).toEqual([1]);
  });
  it('ends what it has accepted before it closes, and takes nothing new', async () => {
    const { engine, workers } = await setUp();
    const places = [engine.reserve('a'), engine.reserve('b')];
    const calls = places.map((place, i) => place.run(picture(i), never).finally(place.release));
    const closed = engine.close(60_000);
    expect(() => engine.reserve('c')).toThrow(expect.objectContaining({ code: 'shutting-down' }));
    for (let i = 0; i < 2; i++) {
      await turns();
      workers.finish();
    }
    expect((await Promise.all(calls)).map(({ result }) => result.image[0])).toEqual([0, 1]);
    expect(await closed).toBe(true);
  });
  it('gives up what does not end in time, each with an answer', async () => {
    const { engine } = await setUp();
    const places = [engine.reserve('a'), engine.reserve('a')];
    const outcomes = Promise.allSettled(places.map((place, i) => place.run(picture(i), never)));
    expect(await engine.close(10)).toBe(false);
    expect((await outcomes).map((o) => (o.status === 'rejected' ? (o.reason as { code?: string }).code : o.status))).toEqual([
      'shutting-down',
      'shutting-down',
    ]);
  });
});
