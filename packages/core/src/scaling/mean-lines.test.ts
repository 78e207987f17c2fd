import { describe, expect, it } from 'vitest';
import { paintPixels } from '../../testing/pictures.ts';
import { createPixels, type Pixels } from '../image/pixels.ts';
import { shrinkPixels } from '../image/resize.ts';
import { enlargeResidual } from './enlarge-residual.ts';
import { createMeanLines } from './mean-lines.ts';

const SIZES = [
  { width: 32, height: 24 },
  { width: 64, height: 48 },
] as const;

/** The picture darker by so much of white. */
function darker(pixels: Pixels, by: number): Pixels {
  return { ...pixels, data: Uint16Array.from(pixels.data, (v) => Math.max(0, v - 65535 * by)) };
}

function brightPixels(channels: 1 | 3): Pixels {
  const pixels = paintPixels(160, 120, channels);
  return { ...pixels, data: Uint8Array.from(pixels.data, (v) => 100 + v / 2) };
}

describe('createMeanLines', () => {
  it.each([1, 3] as const)('holds the mean of what several sizes say: %i colours', (colours) => {
    const pixels = brightPixels(colours);
    const lines = createMeanLines(SIZES[1], colours, 2);
    for (const [i, size] of SIZES.entries()) {
      const small = shrinkPixels(pixels, size);
      lines.add(small, darker(small, [0.1, 0.3][i] as number));
    }
    const restored = createPixels(pixels);
    enlargeResidual(pixels, lines, { start: 0, end: 120 }, restored);
    // A residual that is the same everywhere has no slope: 0.2 of 255 comes off each sample, exactly but for rounding.
    for (const [i, value] of pixels.data.entries()) expect(Math.abs((restored.data[i] as number) - (value - 51))).toBeLessThanOrEqual(1);
  });
  it('gives any band of its rows, and writes over the picture itself as well', () => {
    const pixels = brightPixels(3);
    const lines = createMeanLines(SIZES[1], 3, 1);
    const small = shrinkPixels(pixels, SIZES[0]);
    lines.add(small, { ...small, data: small.data.map((v, i) => (v * (i % 7)) / 7) as Uint16Array<ArrayBuffer> });
    const whole = createPixels(pixels);
    enlargeResidual(pixels, lines, { start: 0, end: 120 }, whole);
    for (let start = 0; start < 120; start += 33) enlargeResidual(pixels, lines, { start, end: Math.min(120, start + 33) }, pixels);
    expect(pixels.data).toEqual(whole.data);
  });
  it('refuses a picture of other colours', () => {
    const grey = shrinkPixels(brightPixels(1), SIZES[0]);
    expect(() => createMeanLines(SIZES[0], 3, 1).add(grey, grey)).toThrow('Lines of 3 colours, got a picture of 1');
  });
});
