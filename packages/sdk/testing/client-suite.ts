/** What every client must do, whatever restores for it, as tests; each runtime's own file says how a client is made. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { Client } from '../src/client.ts';
import type { ProgressEvent, RestoreOptions } from '../src/engine-port.ts';
import { psnr } from './psnr.ts';

const rain = fileURLToPath(new URL('../../../samples/heavy-rain.jpg', import.meta.url));
/** A piece of a photograph in rain. */
export const rainyPicture: Blob = new Blob([new Uint8Array(await sharp(rain).extract({ left: 60, top: 200, width: 96, height: 64 }).png().toBuffer())], {
  type: 'image/png',
});
/** A picture of 1.5 megapixels: a second of work and more, so that who looks on now and then sees it being done. */
export const largeRainyPicture: Blob = new Blob([new Uint8Array(await sharp(rain).resize({ width: 1400 }).jpeg().toBuffer())], { type: 'image/jpeg' });
/** Enough of it for several tiles of 256 pixels. */
export const wideRainyPicture: Blob = new Blob([new Uint8Array(await sharp(rain).extract({ left: 60, top: 200, width: 400, height: 120 }).png().toBuffer())], {
  type: 'image/png',
});

/**
 * @param reference the restoration of `rainyPicture` with seed 5 that this one must agree with
 * @param model what `preload` must find
 */
export function describeClient(client: Client, reference: Promise<Blob>, model = 'nano'): void {
  it('restores a picture, as Node’s CPU does with the same seed', async () => {
    const { image, report } = await client.restore(rainyPicture, { seed: 5 });
    expect(image.type).toBe('image/png');
    // The promise of all runtimes: 50 dB is an error of less than one step of 255 in most pixels.
    expect(await psnr(image, await reference)).toBeGreaterThanOrEqual(50);
    expect(await psnr(image, rainyPicture)).toBeLessThan(35); // something was taken away
    expect(report).toMatchObject({ seed: 5, steps: 2, input: { width: 96, height: 64 }, model: { name: 'nano' }, run: { fallbacks: [] } });
    expect(report.weather.find(({ weather }) => weather === 'rain')?.presence).toBeGreaterThan(0.5);
  });
  it.each<[string, RestoreOptions, object]>([
    ['the weathers to remove', { remove: ['haze'] }, { removed: ['haze'] }],
    ['the strength', { strength: 0 }, { strength: 0 }],
    ['the steps', { steps: 1 }, { steps: 1 }],
    ['the precision', { precision: 'fp16' }, { precision: 'fp16' }],
    ['the container', { output: { format: 'jpeg', quality: 80, metadata: 'strip' } }, { output: { format: 'jpeg' } }],
    ['the tile', { tile: 256 }, { tiles: { sizePx: 256 } }],
  ])('honours %s', async (_, options, report) => expect((await client.restore(rainyPicture, options)).report).toMatchObject(report));
  it('gives the input’s pixels back at strength 0', async () => {
    expect(await psnr((await client.restore(rainyPicture, { strength: 0 })).image, rainyPicture)).toBe(Number.POSITIVE_INFINITY);
  });
  it('tells its phases, steps and tiles while it works', async () => {
    const events: ProgressEvent[] = [];
    const { report } = await client.restore(wideRainyPicture, { tile: 256, onProgress: (event) => events.push(event) });
    const { count } = report.tiles;
    expect(count).toBeGreaterThan(1);
    // A client of jobs sees the share that is done now and then.
    const works = events.filter(({ type }) => type === 'work' || type === 'tile');
    expect(works.length).toBeGreaterThan(0);
    if (works[0]?.type === 'work') return;
    expect(works.map((event) => event.type === 'tile' && [event.tile, event.tiles])).toEqual(Array.from({ length: count }, (_, i) => [i + 1, count]));
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(2 * count);
    expect(events.flatMap((event) => (event.type === 'phase' ? event.phase : []))).toEqual(['read', 'load', 'decode', 'condition', 'restore', 'encode']);
    expect(events.map(({ elapsedMs }) => elapsedMs)).toEqual(events.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b));
  });
  it('says the weather without restoring', async () => {
    const { weather, run } = await client.inspect(rainyPicture);
    expect(weather.map(({ weather: name }) => name)).toContain('rain');
    expect(run.notes).toEqual([]);
  });
  it.each<[string, () => Blob, RestoreOptions, string]>([
    ['no picture', () => new Blob(['no picture']), {}, 'unsupported-format'],
    ['half a picture', () => rainyPicture.slice(0, rainyPicture.size / 2), {}, 'truncated'],
    ['a model that is not there', () => rainyPicture, { model: 'none' }, 'model-not-found'],
    ['an option out of range', () => rainyPicture, { strength: 2 }, 'invalid-option'],
    ['an unknown option', () => rainyPicture, { sead: 1 } as RestoreOptions, 'invalid-option'],
    ['a weather nobody knows', () => rainyPicture, { remove: ['frogs'] }, 'invalid-option'],
    ['a picture over the limit', () => rainyPicture, { limits: { maxBytes: 100 } }, 'too-large'],
  ])('refuses %s with a typed error', async (_, input, options, code) => {
    await expect(client.restore(input(), options)).rejects.toMatchObject({ name: 'RestoreError', code, retryable: false });
  });
  it('stops at an abort, and works afterwards', async () => {
    await expect(client.restore(rainyPicture, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    const call = client.restore(wideRainyPicture, { tile: 256, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect((await client.inspect(rainyPicture)).model.name).toBe('nano');
  });
  it('restores a batch', async () => {
    const outcomes: string[] = [];
    for await (const { index, error } of client.restoreBatch([rainyPicture, new Blob(['x']), rainyPicture], { concurrency: 2 }))
      outcomes[index] = error === undefined ? 'done' : 'failed';
    expect(outcomes).toEqual(['done', 'failed', 'done']);
  });
  it('says what it can', async () => {
    const [first] = await client.capabilities();
    expect(first).toMatchObject({
      available: true,
      inputFormats: expect.arrayContaining(['jpeg', 'png']),
      outputFormats: expect.arrayContaining(['jpeg', 'png']),
    });
    expect((await client.preload()).model.name).toBe(model);
  });
}
