import { describe, expect, it } from 'vitest';
import { constantDenoiser, createFakeRestorer, type FakeDenoiser, zeroDenoiser } from '../../testing/fake-model.ts';
import { decodePicture, encodePicture, largestDifference, paintPixels } from '../../testing/pictures.ts';
import type { ProgressEvent } from '../progress.ts';

/** Takes out haze of t = 0.6 and A = 0.8: I - (I - A (1 - t)) / t. */
const hazeDenoiser: FakeDenoiser = ({ degraded }) => degraded.data.map((v) => v - (v - 0.32) / 0.6);
/** The key of the sub-prompt that answers haze. */
const HAZE = [0, 0, 1];

describe('restoring at a scale', () => {
  it.each([
    [1, 8],
    [2, 16],
    [3, 8],
    [4, 16],
  ] as const)('gives the input back exactly for a residual of zero: %i channels of %i bits', async (channels, bitDepth) => {
    const pixels = paintPixels(150, 97, channels, bitDepth);
    const restorer = await createFakeRestorer({ denoiser: zeroDenoiser });
    const { image, report } = await restorer.restore(await encodePicture(pixels, 'png'), { scale: 0.3 });
    expect(largestDifference(await decodePicture(image), pixels)).toBe(0);
    expect(report.scale).toMatchObject({ factor: 0.3, width: 45, height: 29 });
    expect(report.input).toMatchObject({ width: 150, height: 97, channels, bitDepth });
  });
  it('takes even haze out as at full size', async () => {
    const pixels = paintPixels(150, 97);
    const hazy = { ...pixels, data: pixels.data.map((v) => Math.round(0.6 * v + 0.32 * 255)) as Uint8Array<ArrayBuffer> };
    const file = await encodePicture(hazy, 'png');
    const restorer = await createFakeRestorer({ denoiser: hazeDenoiser, query: HAZE });
    const [native, reduced] = [await restorer.restore(file, { scale: 'native' }), await restorer.restore(file, { scale: 0.5 })];
    const [a, b] = [await decodePicture(native.image), await decodePicture(reduced.image)];
    let squares = 0;
    for (let i = 0; i < a.data.length; i++) squares += ((a.data[i] as number) - (b.data[i] as number)) ** 2;
    // The slope is drawn towards 0 by EVEN_VARIANCE, of what grain half the size has left.
    expect(Math.sqrt(squares / a.data.length)).toBeLessThan(2);
  });
  it('works on fewer tiles, and says at which size and why', async () => {
    const file = await encodePicture(paintPixels(840, 810), 'png');
    const restorer = await createFakeRestorer({ query: HAZE });
    const options = { tile: 512, steps: 1 } as const;
    const [native, given] = [await restorer.restore(file, { ...options, scale: 'native' }), await restorer.restore(file, { ...options, scale: 0.25 })];
    expect(native.report.scale).toMatchObject({ factor: 1, width: 840, height: 810 });
    expect(given.report.scale).toEqual({ factor: 0.25, width: 210, height: 203, hazeSizes: [], reason: 'Asked for.' });
    expect(given.report.tiles.count).toBe(1);
    expect(native.report.tiles.count).toBeGreaterThan(1);
    expect([given.width, given.height]).toEqual([840, 810]);
  });
  it('looks at the picture in both sizes, and reports what either found', async () => {
    const looks: string[] = [];
    const restorer = await createFakeRestorer({ onRun: (graph) => looks.push(graph) });
    const { report } = await restorer.restore(await encodePicture(paintPixels(100, 60), 'png'), { scale: 0.5 });
    expect(looks.filter((graph) => graph === 'condition')).toHaveLength(2);
    expect(report.weather[0]).toMatchObject({ weather: 'rain', presence: expect.closeTo(0.9975, 3) });
  });
  it('tells the tiles of the reduced picture, then finished rectangles that together are the picture', async () => {
    const events: ProgressEvent[] = [];
    const [painted, restorer] = [new Uint8Array(90 * 600 * 3), await createFakeRestorer({ denoiser: constantDenoiser(10 / 255) })];
    const file = await encodePicture(paintPixels(90, 600), 'png');
    const { image, report } = await restorer.restore(file, { scale: 0.5, patchPixels: true, onProgress: (event) => events.push(event) });
    expect(events.filter(({ type }) => type === 'tile')).toHaveLength(report.tiles.count);
    const patches = events.flatMap((event) => (event.type === 'patch' ? [event] : []));
    expect(patches.length).toBeGreaterThan(1);
    for (const { x, y, width, height, rgba } of patches) {
      expect([x, width]).toEqual([0, 90]);
      for (let at = 0; at < width * height; at++) painted.set(rgba?.subarray(at * 4, at * 4 + 3) ?? [], (y * 90 + at) * 3);
    }
    expect(painted).toEqual(new Uint8Array((await decodePicture(image)).data));
    expect(events.findIndex(({ type }) => type === 'patch')).toBeGreaterThan(events.findLastIndex(({ type }) => type === 'tile'));
  });
  it('stops between bands when it is aborted', async () => {
    const stop = new AbortController();
    let patches = 0;
    const onProgress = ({ type }: ProgressEvent): void => {
      if (type === 'patch' && ++patches === 1) stop.abort();
    };
    const restorer = await createFakeRestorer();
    const file = await encodePicture(paintPixels(20, 900), 'png');
    await expect(restorer.restore(file, { scale: 0.5, signal: stop.signal, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
    expect(patches).toBe(1);
  });
});
