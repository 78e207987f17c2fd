import { describe, expect, it } from 'vitest';
import { largestDifference, paintPixels } from '../../testing/pictures.ts';
import { createPixels, type Pixels } from '../image/pixels.ts';
import { shrinkPixels } from '../image/resize.ts';
import { enlargeResidual, linesOf } from './enlarge-residual.ts';

const HAZE = { transmission: 0.6, airlight: 0.8 };

/** I = J t + A (1 - t), in the picture's own samples; alpha stays. */
function addHaze(clear: Pixels): Pixels {
  const white = clear.data instanceof Uint16Array ? 65535 : 255;
  const hazy = createPixels(clear);
  for (let i = 0; i < clear.data.length; i++) {
    const alpha = clear.channels % 2 === 0 && i % clear.channels === clear.channels - 1;
    const value = clear.data[i] as number;
    hazy.data[i] = alpha ? value : Math.round(value * HAZE.transmission + white * HAZE.airlight * (1 - HAZE.transmission));
  }
  return hazy;
}

/** What a perfect network would make of the reduced picture. */
function clearHaze(hazy: Pixels): Pixels {
  return { ...hazy, data: Uint16Array.from(hazy.data, (v) => Math.round((v - 65535 * HAZE.airlight * (1 - HAZE.transmission)) / HAZE.transmission)) };
}

function enlarge(degraded: Pixels, reduced: { degraded: Pixels; restored: Pixels }, remainder: boolean, bandRows = 1000): Pixels {
  const restored = createPixels(degraded);
  for (let start = 0; start < degraded.height; start += bandRows)
    enlargeResidual(degraded, linesOf(reduced.degraded, reduced.restored, remainder), { start, end: Math.min(degraded.height, start + bandRows) }, restored);
  return restored;
}

/** Ramp and texture that a reduction to a third keeps. */
function paintScene(width: number, height: number, channels: 1 | 2 | 3 | 4 = 3): Pixels {
  const scene = paintPixels(width, height, channels);
  for (let i = 0; i < scene.data.length; i++) {
    const pixel = Math.floor(i / channels);
    const checks = (Math.floor((pixel % width) / 9) + Math.floor(Math.floor(pixel / width) / 9)) % 2;
    scene.data[i] = Math.min(255, (scene.data[i] as number) * 0.7 + 60 * checks);
  }
  return scene;
}

describe('enlargeResidual', () => {
  it.each([1, 2, 3, 4] as const)('takes even haze out of a picture from its third, details that the third has not included: %i channels', (channels) => {
    const clear = paintScene(190, 131, channels);
    const hazy = addHaze(clear);
    const degraded = shrinkPixels(hazy, { width: 63, height: 44 });
    for (const remainder of [false, true]) {
      const restored = enlarge(hazy, { degraded, restored: clearHaze(degraded) }, remainder);
      // The haze was rounded to 8 bits, which is 0.83 when it is taken out again, and the slope is drawn towards 0 by two per cent at most.
      expect(largestDifference(restored, clear)).toBeLessThanOrEqual(2);
    }
  });
  it.each([
    [190, 131, 63, 44],
    [7, 500, 2, 140],
    [1, 4000, 1, 200],
    [4001, 1, 200, 1],
    [1, 1, 1, 1],
  ])('gives the picture of %i x %i back sample by sample when its reduction was left alone', (width, height, smallWidth, smallHeight) => {
    for (const [channels, bitDepth] of [
      [3, 8],
      [4, 8],
      [2, 16],
    ] as const) {
      const pixels = paintPixels(width, height, channels, bitDepth);
      const degraded = shrinkPixels(pixels, { width: smallWidth, height: smallHeight });
      for (const remainder of [false, true]) expect(enlarge(pixels, { degraded, restored: degraded }, remainder).data).toEqual(pixels.data);
    }
  });
  it('gives the same samples whatever the bands', () => {
    const hazy = addHaze(paintScene(100, 77));
    const degraded = shrinkPixels(hazy, { width: 40, height: 31 });
    const reduced = { degraded, restored: clearHaze(degraded) };
    for (const remainder of [false, true]) {
      const whole = enlarge(hazy, reduced, remainder);
      for (const rows of [1, 16, 50]) expect(enlarge(hazy, reduced, remainder, rows).data).toEqual(whole.data);
    }
  });
  it('takes memory for its band alone', () => {
    const pixels: Pixels = { width: 6000, height: 4000, channels: 3, data: new Uint8Array(6000 * 4000 * 3) };
    const degraded = shrinkPixels(pixels, { width: 3000, height: 2000 });
    const restored = createPixels(pixels);
    const before = process.memoryUsage().arrayBuffers;
    enlargeResidual(pixels, linesOf(degraded, degraded, true), { start: 1000, end: 1064 }, restored);
    // 64 + 4 * REACH_PX rows of 3000 in float64 at most, five planes and a few lines: a whole plane would be 48 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24e6);
  });
  it.each([
    { bits: 8, white: 255, exposure: 0.4 },
    { bits: 16, white: 65535, exposure: -0.4 },
  ])('exposes what it restores, and leaves black and white: $bits bits, $exposure', ({ white, exposure }) => {
    const data = (white === 255 ? Uint8Array : Uint16Array).of(0, white / 5, white);
    const pixels: Pixels = { width: 3, height: 1, channels: 1, data };
    const nothing = { slopes: new Float32Array(1), offsets: new Float32Array(1) };
    const restored = createPixels(pixels);
    enlargeResidual(pixels, { width: 1, height: 1, of: () => nothing, exposure }, { start: 0, end: 1 }, restored);
    expect([...restored.data]).toEqual([0, Math.round(white * (0.2 + exposure * 0.2 * 0.8)), white]);
  });
});
