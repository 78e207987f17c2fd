import { RestoreError } from '@fairweather/core';
import { PROBLEM_TYPE, PROGRESS_TYPE, type RestoreEvent, ROUTES } from '@fairweather/core/contract';
import { describe, expect, it } from 'vitest';
import { createFakeApp, type FakeApp } from '../../testing/fake-app.ts';
import { createFakeWorkers } from '../../testing/fake-workers.ts';

/** Machines may be busy. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });
const bytes = Uint8Array.of(9, 10, 7); // with a line's end in it
const ask = ({ app }: FakeApp, picture = bytes, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
  Promise.resolve(
    app.request(ROUTES.restore, {
      method: 'POST',
      body: picture,
      headers: { Accept: `${PROGRESS_TYPE}, application/json`, ...headers },
      signal: signal ?? null,
    }),
  );
/** Its lines, and what is behind them. */
async function readAnswer(response: Response): Promise<{ readonly events: RestoreEvent[]; readonly rest: number[] }> {
  const all = new Uint8Array(await response.arrayBuffer());
  const events: RestoreEvent[] = [];
  let at = 0;
  while (at < all.length && events.at(-1)?.type !== 'result') {
    const end = all.indexOf(10, at);
    events.push(JSON.parse(new TextDecoder().decode(all.subarray(at, end))) as RestoreEvent);
    at = end + 1;
  }
  return { events, rest: [...all.subarray(at)] };
}
const held = (workers = createFakeWorkers('held'), perWorker = 1): Promise<FakeApp> =>
  createFakeApp({ queuePerClient: 8 }, { workers, engine: { queue: 8, perWorker } });

describe('POST /v1/restore for who accepts progress', () => {
  it('tells the place while it waits, then the work, then gives report and picture', async () => {
    const fake = await held();
    const { workers } = fake;
    const calls: Promise<Response>[] = [];
    for (const first of [1, 2, 3]) {
      calls.push(ask(fake, Uint8Array.of(first, 10)));
      await eventually(() => fake.engine.status().running + fake.engine.status().waiting).toBe(first);
    }
    workers.tell({ type: 'phase', phase: 'read', elapsedMs: 1 });
    const last = await (calls[2] as Promise<Response>);
    expect(Object.fromEntries(last.headers)).toMatchObject({
      'content-type': PROGRESS_TYPE,
      'cache-control': 'no-store',
      vary: expect.stringContaining('Accept'),
    });
    for (const first of [1, 2]) {
      workers.finish();
      await eventually(() => workers.begun).toContain(first + 1);
    }
    workers.tell({ type: 'phase', phase: 'restore', elapsedMs: 5 });
    workers.tell({ type: 'step', step: 1, steps: 2, tile: 1, tiles: 1, elapsedMs: 6 });
    workers.tell({ type: 'tile', tile: 1, tiles: 1, elapsedMs: 7 });
    workers.finish();
    const { events, rest } = await readAnswer(last);
    expect(events).toEqual([
      { type: 'place', place: 2 },
      { type: 'place', place: 1 },
      { type: 'phase', phase: 'restore' },
      { type: 'step', step: 1, steps: 2, tile: 1, tiles: 1 },
      { type: 'tile', tile: 1, tiles: 1 },
      {
        type: 'result',
        requestId: last.headers.get('X-Request-Id'),
        image: { mediaType: 'image/png', width: 4, height: 2, bytes: 2 },
        report: expect.objectContaining({ backend: 'cpu', seed: 0 }),
      },
    ]);
    expect(rest).toEqual([3, 10]);
    await Promise.all(calls);
  });
  it('counts what a worker holds among what waits', async () => {
    const fake = await held(createFakeWorkers('held'), 2);
    const calls: Promise<Response>[] = [];
    for (const first of [1, 2, 3]) {
      calls.push(ask(fake, Uint8Array.of(first)));
      await eventually(() => fake.engine.status().running + fake.engine.status().waiting).toBe(first);
    }
    const [, second, third] = calls.map(async (call) => (await readAnswer(await call)).events.filter(({ type }) => type === 'place'));
    for (let n = 0; n < 3; n++) {
      fake.workers.finish();
      await eventually(() => fake.engine.status().running).toBe(Math.min(2, 2 - n));
    }
    expect([await second, await third]).toEqual([[{ type: 'place', place: 1 }], [2, 1].map((place) => ({ type: 'place', place }))]);
  });
  it('answers as ever what fails before there is any news', async () => {
    const fake = await createFakeApp({ queuePerClient: 1 }, { workers: createFakeWorkers('held') });
    const tooLarge = await ask(fake, new Uint8Array(5000));
    expect([tooLarge.status, tooLarge.headers.get('Content-Type')]).toEqual([413, PROBLEM_TYPE]);
    const first = ask(fake);
    await eventually(() => fake.workers.begun).toHaveLength(1);
    const full = await ask(fake);
    expect([full.status, full.headers.get('Content-Type'), full.headers.has('Retry-After')]).toEqual([503, PROBLEM_TYPE, true]);
    fake.workers.fail(new RestoreError('corrupt-image', 'It is broken.'));
    expect((await first).status).toBe(422);
  });
  it('ends with the problem when it fails later, logged and counted by the status it would have had', async () => {
    const fake = await held();
    const call = ask(fake);
    await eventually(() => fake.workers.begun).toHaveLength(1);
    fake.workers.tell({ type: 'phase', phase: 'decode', elapsedMs: 0 });
    const response = await call;
    expect(fake.lines).toEqual([]);
    fake.workers.fail(new RestoreError('corrupt-image', 'It is broken.'));
    const { events } = await readAnswer(response);
    const problem = expect.objectContaining({ code: 'corrupt-image', status: 422, detail: 'It is broken.', requestId: response.headers.get('X-Request-Id') });
    expect([response.status, events]).toEqual([
      200,
      [
        { type: 'phase', phase: 'decode' },
        { type: 'problem', problem },
      ],
    ]);
    expect(fake.lines).toMatchObject([{ status: 422, code: 'corrupt-image', bytesIn: 3 }]);
    const metrics = await (await fake.app.request(ROUTES.metrics)).text();
    expect(metrics).toContain('fairweather_requests_total{route="/v1/restore",method="POST",status="422"} 1');
  });
  it('ends with the deadline, and says when to come again', async () => {
    const fake = await createFakeApp({ deadlineMs: 50 }, { workers: createFakeWorkers('held') });
    const call = ask(fake);
    await eventually(() => fake.workers.begun).toHaveLength(1);
    fake.workers.tell({ type: 'phase', phase: 'decode', elapsedMs: 0 });
    const { events } = await readAnswer(await call);
    expect(events.at(-1)).toMatchObject({ type: 'problem', problem: { code: 'deadline-exceeded', status: 504, retryable: true }, retryAfter: 5 });
  });
  it.each(['its reader goes', 'its request is aborted'])('stops the work when %s', async (how) => {
    const fake = await held();
    const client = new AbortController();
    const call = ask(fake, bytes, {}, client.signal);
    await eventually(() => fake.workers.begun).toHaveLength(1);
    fake.workers.tell({ type: 'phase', phase: 'decode', elapsedMs: 0 });
    const { body } = await call;
    if (how === 'its reader goes') await body?.cancel();
    else client.abort();
    await eventually(() => fake.engine.status()).toMatchObject({ running: 0, taken: 0 });
    await eventually(() => fake.lines).toMatchObject([{ status: 499, code: 'client-closed' }]);
  });
  it('does not hold what a reader does not take', async () => {
    const fake = await held();
    const call = ask(fake);
    await eventually(() => fake.workers.begun).toHaveLength(1);
    for (let tile = 1; tile <= 1000; tile++) fake.workers.tell({ type: 'tile', tile, tiles: 1000, elapsedMs: 0 });
    const response = await call;
    fake.workers.finish();
    const { events, rest } = await readAnswer(response);
    expect([events.length, events.at(-1)?.type, rest]).toEqual([65, 'result', [...bytes]]);
  });
  it.each([
    [`${PROGRESS_TYPE};q=0.5, application/json`, 'application/json'],
    [`image/png, ${PROGRESS_TYPE};q=0.9`, 'image/png'],
    [`${PROGRESS_TYPE}, image/*;q=0.1`, PROGRESS_TYPE],
  ])('takes Accept: %s as %s', async (accept, type) => {
    expect((await ask(await createFakeApp(), bytes, { Accept: accept })).headers.get('Content-Type')).toBe(type);
  });
});
