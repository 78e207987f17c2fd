import { describe, expect, it } from 'vitest';
import { constantDenoiser, createFakeRestorer, type FakeDenoiser, localDenoiser, zeroDenoiser } from '../../testing/fake-model.ts';
import { decodePicture, encodePicture, largestDifference, paintPixels } from '../../testing/pictures.ts';
import type { ProgressEvent } from '../progress.ts';

/** Keys of the sub-prompts that answer haze, and haze and rain. */
const HAZE = [0, 0, 1];
const RAIN_AND_HAZE = [1, 0, 1];

/** The sizes the network saw, in order, each once for its two steps. */
function watchSizes(network: FakeDenoiser): { readonly denoiser: FakeDenoiser; readonly seen: string[] } {
  const seen: string[] = [];
  const denoiser: FakeDenoiser = (feeds) => {
    const [, , height, width] = feeds.degraded.dims as readonly [number, number, number, number];
    if (seen.at(-1) !== `${width}x${height}`) seen.push(`${width}x${height}`);
    return network(feeds);
  };
  return { denoiser, seen };
}

describe("scale: 'auto', which is the default", () => {
  it('goes over a picture without haze once, in its own size', async () => {
    const file = await encodePicture(paintPixels(200, 152), 'png');
    const { denoiser, seen } = watchSizes(localDenoiser);
    const restorer = await createFakeRestorer({ denoiser });
    const { image, report } = await restorer.restore(file, { tile: 512 });
    expect(seen).toEqual(['200x152']);
    expect(report.scale).toMatchObject({ factor: 1, width: 200, height: 152, hazeSizes: [] });
    expect(image).toEqual((await restorer.restore(file, { tile: 512, scale: 'native' })).image);
  });
  it('looks at haze alone in three small sizes', async () => {
    const { denoiser, seen } = watchSizes(constantDenoiser(0.1));
    const restorer = await createFakeRestorer({ denoiser, query: HAZE });
    const remove = ['rain', 'snow', 'haze']; // the fake's query for haze finds drops as well
    const { report, width, height } = await restorer.restore(await encodePicture(paintPixels(800, 600), 'png'), { tile: 512, remove });
    expect(seen).toEqual(['512x384', '256x192', '128x96']);
    expect([width, height]).toEqual([800, 600]);
    expect(report.scale).toEqual({
      factor: 0.64,
      width: 512,
      height: 384,
      hazeSizes: [
        { width: 128, height: 96 },
        { width: 256, height: 192 },
        { width: 512, height: 384 },
      ],
      reason: expect.stringContaining('haze'),
    });
    expect(report.tiles.count).toBe(3);
  });
  it('takes rain out first, in the own size, and then haze', async () => {
    const { denoiser, seen } = watchSizes(constantDenoiser(0.1));
    const restorer = await createFakeRestorer({ denoiser, query: RAIN_AND_HAZE });
    const { report, image } = await restorer.restore(await encodePicture({ ...paintPixels(240, 200), data: new Uint8Array(240 * 200 * 3).fill(100) }, 'png'), {
      tile: 512,
    });
    expect(seen).toEqual(['240x200', '232x192', '120x96']); // padded to multiples of 8; the two passes at 240x200 follow one another
    expect(report.scale).toMatchObject({ factor: 1, width: 240, height: 200 });
    expect(report.scale.hazeSizes).toHaveLength(3);
    // 0.1 for rain, and 0.1 again for haze; the mean that is left, 0.192, then goes 0.4 of 2 / 3 of the way to 0.46.
    expect([...new Set((await decodePicture(image)).data)]).toEqual([expect.closeTo(255 * (0.192 + (0.8 / 3) * (0.46 - 0.192)), -0.5)]);
  });
  it('does only what is to be done', async () => {
    const { denoiser, seen } = watchSizes(constantDenoiser(0.1));
    const restorer = await createFakeRestorer({ denoiser, query: RAIN_AND_HAZE });
    const file = await encodePicture(paintPixels(240, 200), 'png');
    const rain = await restorer.restore(file, { tile: 512, remove: ['rain'] });
    expect(seen.splice(0)).toEqual(['240x200']);
    expect(rain.report.scale.hazeSizes).toEqual([]);
    expect(rain.report.weather[2]).toMatchObject({ weather: 'haze', presence: expect.closeTo(0.97, 1) });
    await restorer.restore(file, { tile: 512, remove: ['haze'] });
    expect(seen).toEqual(['240x200', '232x192', '120x96']);
  });
  it.each([
    [1, 8],
    [2, 16],
    [3, 8],
    [4, 16],
  ] as const)('gives the input back exactly for a residual of zero, and for a strength of zero: %i channels of %i bits', async (channels, bitDepth) => {
    const pixels = paintPixels(150, 197, channels, bitDepth);
    const file = await encodePicture(pixels, 'png');
    for (const [denoiser, strength] of [
      [zeroDenoiser, 1],
      [localDenoiser, 0],
    ] as const)
      for (const query of [HAZE, RAIN_AND_HAZE]) {
        const restorer = await createFakeRestorer({ denoiser, query });
        expect(largestDifference(await decodePicture((await restorer.restore(file, { strength })).image), pixels)).toBe(0);
      }
  });
  it('gives for a strength what lies between the picture and its restoration', async () => {
    const pixels = paintPixels(150, 197);
    const file = await encodePicture(pixels, 'png');
    const restorer = await createFakeRestorer({ denoiser: localDenoiser, query: RAIN_AND_HAZE });
    const [whole, half] = [await restorer.restore(file), await restorer.restore(file, { strength: 0.5 })];
    const [a, b] = [await decodePicture(whole.image), await decodePicture(half.image)];
    for (const [i, value] of pixels.data.entries()) expect(Math.abs((b.data[i] as number) - (value + (a.data[i] as number)) / 2)).toBeLessThanOrEqual(0.5);
  });
  it.each([
    [1, 1],
    [1, 900],
    [900, 1],
    [3, 2],
    [7, 500],
  ])('works on hazy pictures of %i x %i', async (width, height) => {
    const restorer = await createFakeRestorer({ denoiser: constantDenoiser(10 / 255), query: HAZE });
    const pixels = paintPixels(width, height);
    const restored = await decodePicture((await restorer.restore(await encodePicture(pixels, 'png'))).image);
    expect([restored.width, restored.height]).toEqual([width, height]);
    // A residual clipped in a dark reduced pixel bends the line a little.
    for (const [i, value] of pixels.data.entries()) if (value > 60) expect(Math.abs((restored.data[i] as number) - (value - 10))).toBeLessThanOrEqual(10);
  });
  it('counts the tiles of all passes together, then tells of rectangles that together are the picture', async () => {
    const events: ProgressEvent[] = [];
    const [painted, restorer] = [new Uint8Array(90 * 600 * 3), await createFakeRestorer({ denoiser: constantDenoiser(10 / 255), query: RAIN_AND_HAZE })];
    const file = await encodePicture(paintPixels(90, 600), 'png');
    const { image, report } = await restorer.restore(file, { patchPixels: true, onProgress: (event) => events.push(event) });
    const tiles = events.flatMap((event) => (event.type === 'tile' ? [event] : []));
    expect(tiles.map(({ tile }) => tile)).toEqual(Array.from({ length: report.tiles.count }, (_, i) => i + 1));
    expect(new Set(tiles.map(({ tiles: all }) => all))).toEqual(new Set([report.tiles.count]));
    for (const event of events)
      if (event.type === 'patch')
        for (let at = 0; at < event.width * event.height; at++) painted.set(event.rgba?.subarray(at * 4, at * 4 + 3) ?? [], (event.y * 90 + event.x + at) * 3);
    expect(painted).toEqual(new Uint8Array((await decodePicture(image)).data));
  });
  it.each(['tile', 'patch'] as const)('stops when it is aborted at a %s', async (type) => {
    const stop = new AbortController();
    let told = 0;
    const onProgress = (event: ProgressEvent): void => {
      if (event.type === type && ++told === 1) stop.abort();
    };
    const restorer = await createFakeRestorer({ query: HAZE });
    const file = await encodePicture(paintPixels(400, 900), 'png');
    await expect(restorer.restore(file, { signal: stop.signal, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
    expect(told).toBe(1);
  });
});
