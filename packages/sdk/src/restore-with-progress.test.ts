import { PROGRESS_TYPE, type RestoreEvent } from '@fairweather/core/contract';
import { describe, expect, it } from 'vitest';
import { fakeReport } from '../testing/fake-engine.ts';
import { createFakePlatform } from '../testing/fake-platform.ts';
import { problem, restored, type ScriptedAnswer, type ScriptedApi, scriptApi } from '../testing/scripted-api.ts';
import { type Client, createClientWith } from './client.ts';
import type { ProgressEvent } from './engine-port.ts';

const picture = new Blob(['picture']);
const { run, ...report } = fakeReport('remote');
const lines = (...events: readonly (RestoreEvent | undefined)[]): string =>
  events.map((event) => (event === undefined ? '\n' : `${JSON.stringify(event)}\n`)).join('');
const result: RestoreEvent = { type: 'result', requestId: 'r', image: { mediaType: 'image/png', width: 4, height: 2, bytes: 9 }, report };
const news: readonly (RestoreEvent | undefined)[] = [
  { type: 'place', place: 2 },
  undefined,
  { type: 'place', place: 1 },
  { type: 'phase', phase: 'restore' },
  { type: 'step', step: 1, steps: 2, tile: 1, tiles: 3 },
  { type: 'tile', tile: 1, tiles: 3 },
];
/** In pieces of some bytes; then it ends, or breaks off. */
const tell =
  (text: string, piece = text.length, breaksOff = false): ScriptedAnswer =>
  () => {
    const bytes = new TextEncoder().encode(text);
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = bytes.slice(at, at + piece);
        at += piece;
        if (next.length > 0) controller.enqueue(next);
        else if (breaksOff) controller.error(new TypeError('terminated'));
        else controller.close();
      },
    });
    return new Response(body, { headers: { 'Content-Type': PROGRESS_TYPE } });
  };
function setUp(...answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]]): { client: Client; api: ScriptedApi; waits: number[]; events: ProgressEvent[] } {
  const [api, platform] = [scriptApi(...answers), createFakePlatform()];
  const client = createClientWith({ baseUrl: 'https://api.example', fetch: api.fetch, maxRetries: 2 }, { platform, openRouter: undefined });
  return { client, api, waits: platform.waits, events: [] };
}
const told = (events: readonly ProgressEvent[]): unknown[] =>
  events.filter(({ type }) => type !== 'upload').map((event) => (event.type === 'queue' ? event.place : event.type));

describe('a restoration with a listener', () => {
  it.each([1, 7, 64, 100_000])('is told place and work in pieces of %i bytes, and gives picture and report', async (piece) => {
    const { client, api, events } = setUp(tell(`${lines(...news, result)}pic\n\nture`, piece));
    const { image, report: given } = await client.restore(picture, { onProgress: (event) => events.push(event) });
    expect([await image.text(), image.type, given]).toEqual(['pic\n\nture', 'image/png', { ...report, run: expect.objectContaining({ engine: 'remote' }) }]);
    expect(events.filter(({ type }) => type !== 'upload')).toEqual([
      { type: 'queue', attempt: 1, waitMs: 0, place: 2, elapsedMs: 0 },
      { type: 'queue', attempt: 1, waitMs: 0, place: 1, elapsedMs: 0 },
      { type: 'phase', phase: 'restore', elapsedMs: 0 },
      { type: 'step', step: 1, steps: 2, tile: 1, tiles: 3, elapsedMs: 0 },
      { type: 'tile', tile: 1, tiles: 3, elapsedMs: 0 },
    ]);
    expect(api.seen[0]?.headers.get('Accept')).toBe(`${PROGRESS_TYPE}, application/json`);
  });
  it('asks for none without a listener, nor does an inspection', async () => {
    const { client, api } = setUp(restored, () => Response.json({ requestId: 'r', report }));
    await client.restore(picture);
    await client.inspect(picture, { onProgress: () => {} });
    expect(api.seen.map(({ headers }) => headers.get('Accept'))).toEqual(['application/json', 'application/json']);
  });
  it('takes a plain answer of a server that tells none', async () => {
    expect(await (await setUp(restored).client.restore(picture, { onProgress: () => {} })).image.text()).toBe('picture');
  });
  it.each<[string, ScriptedAnswer]>([
    ['between two lines', tell(lines(...news))],
    ['within a line', tell(lines(...news, result).slice(0, -20), 50, true)],
    ['within the picture', tell(`${lines(result)}pict`, 64, true)],
    ['in the picture, as if it were whole', tell(`${lines(result)}pict`)],
  ])('is asked for again when the answer ends %s', async (_, cut) => {
    const { client, api, waits, events } = setUp(cut, tell(`${lines(news[0], result)}pictures!`));
    const { image, report: given } = await client.restore(picture, { onProgress: (event) => events.push(event) });
    expect([await image.text(), given.run.requestId, waits]).toEqual(['pictures!', expect.stringMatching(/\.2$/), [500]]);
    expect(new Set(api.seen.map(({ headers }) => headers.get('Idempotency-Key'))).size).toBe(1);
    expect(told(events).slice(-2)).toEqual([undefined, 2]); // the wait, then the place
  });
  it('ends in the problem that came behind the news', async () => {
    const failed = (code: string, status: number, retryable: boolean): string =>
      JSON.stringify({
        type: 'problem',
        problem: { type: 'about:blank', title: code, status, detail: `${code}.`, code, requestId: 'srv-1', retryable },
        retryAfter: 5,
      });
    const broken = setUp(tell(`${lines(...news)}${failed('corrupt-image', 422, false)}\n`));
    await expect(broken.client.restore(picture, { onProgress: () => {} })).rejects.toMatchObject({
      name: 'RestoreError',
      code: 'corrupt-image',
      status: 422,
      requestId: 'srv-1',
      retryable: false,
    });
    expect(broken.api.seen).toHaveLength(1);
    const late = setUp(tell(`${failed('deadline-exceeded', 504, true)}\n`), tell(`${lines(result)}pictures!`));
    await late.client.restore(picture, { onProgress: () => {} });
    expect(late.waits).toEqual([5000]);
  });
  it('keeps status and patience of what was refused before it began', async () => {
    const { client, waits } = setUp(problem(503, 'overloaded', true, { 'Retry-After': '7' }), tell(`${lines(result)}pictures!`));
    await client.restore(picture, { onProgress: () => {} });
    expect(waits).toEqual([7000]);
  });
  it.each([
    ['no JSON', 'x\n'],
    ['no event', '{}\n'],
    ['more than the picture', `${lines(result)}too many bytes`],
    ['a line without an end', 'x'.repeat(1_000_001)],
  ])('says so when there is %s in it', async (_, text) => {
    const { client, api } = setUp(tell(text));
    await expect(client.restore(picture, { onProgress: () => {} })).rejects.toMatchObject({ code: 'bad-response' });
    expect(api.seen).toHaveLength(1);
  });
  it.each([() => new Response('<html>'), () => Response.json(null), () => Response.json({ report: {}, image: {} })])(
    'says so when something else answers',
    async (answer) => {
      await expect(setUp(answer).client.restore(picture, { onProgress: () => {} })).rejects.toMatchObject({ code: 'bad-response' });
    },
  );
  it('stops when its listener throws, and lets the answer go', async () => {
    let gone = false;
    const endless: ScriptedAnswer = () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(lines(...news))),
          cancel() {
            gone = true;
          },
        }),
        { headers: { 'Content-Type': PROGRESS_TYPE } },
      );
    const { client, api } = setUp(endless);
    const onProgress = ({ type }: ProgressEvent): void => {
      if (type === 'tile') throw new Error('enough');
    };
    await expect(client.restore(picture, { onProgress })).rejects.toThrow('enough');
    expect(api.seen).toHaveLength(1);
    await expect.poll(() => gone).toBe(true);
  });
});
