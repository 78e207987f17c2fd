import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { paintPixels } from '../../testing/pictures.ts';
import type { Pixels } from './pixels.ts';
import { averageArea, shrinkPixels } from './resize.ts';

/** The definition, word by word: each input sample weighted by the length of its overlap, in both directions. */
function averageByDefinition({ width, height, channels, data }: Pixels, out: { height: number; width: number }, white: number): number[] {
  const overlap = (cell: number, input: number, output: number, sample: number): number =>
    Math.max(0, Math.min(sample + 1, ((cell + 1) * input) / output) - Math.max(sample, (cell * input) / output));
  const values: number[] = [];
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < out.height; i++)
      for (let j = 0; j < out.width; j++) {
        let sum = 0;
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const sample = data[(y * width + x) * channels + (channels >= 3 ? c : 0)] as number;
            sum += overlap(i, height, out.height, y) * overlap(j, width, out.width, x) * sample;
          }
        values.push((sum * out.height * out.width) / (height * width * white));
      }
  return values;
}

const rounding = { tolerance: 1e-6, why: 'one float32 rounding of numbers up to 1' };

describe('averageArea', () => {
  it.each([
    ['smaller in both directions', 37, 23, 16, 16],
    ['a whole ratio', 64, 32, 16, 16],
    ['larger in both directions', 5, 7, 16, 32],
    ['wider and lower', 5, 70, 16, 16],
    ['one pixel', 1, 1, 16, 16],
  ])('follows its definition: %s', (_, width, height, outWidth, outHeight) => {
    const pixels = paintPixels(width, height);
    const size = { height: outHeight, width: outWidth };
    const view = averageArea(pixels, size);
    expect(view.dims).toEqual([1, 3, outHeight, outWidth]);
    expectClose(view.data, averageByDefinition(pixels, size, 255), rounding);
  });
  it('reads 16-bit samples in their own range', () => {
    const pixels = paintPixels(20, 30, 3, 16);
    expectClose(averageArea(pixels, { height: 16, width: 16 }).data, averageByDefinition(pixels, { height: 16, width: 16 }, 65535), rounding);
  });
  it.each([1, 2, 4] as const)('leaves alpha out and repeats grey: %i channels', (channels) => {
    const pixels = paintPixels(20, 30, channels);
    expectClose(averageArea(pixels, { height: 16, width: 16 }).data, averageByDefinition(pixels, { height: 16, width: 16 }, 255), rounding);
  });
  it('keeps an even picture even', () => {
    const pixels: Pixels = { width: 33, height: 17, channels: 3, data: new Uint8Array(33 * 17 * 3).fill(255) };
    expectClose(averageArea(pixels, { height: 16, width: 16 }).data, new Float32Array(3 * 256).fill(1), rounding);
  });
});

describe('shrinkPixels', () => {
  it.each([
    [3, 8, 255],
    [4, 16, 65535],
    [1, 8, 255],
  ] as const)('averages areas into 16-bit samples of the colours: %i channels of %i bits', (channels, bitDepth, white) => {
    const pixels = paintPixels(37, 23, channels, bitDepth);
    const size = { height: 9, width: 16 };
    const { data, ...small } = shrinkPixels(pixels, size);
    const colours = channels === 1 ? 1 : 3;
    expect(small).toEqual({ ...size, channels: colours });
    const wanted = averageByDefinition(pixels, size, white);
    const planes = Float32Array.from(
      { length: 3 * 9 * 16 },
      (_, i) => (data[(i % 144) * colours + (colours === 3 ? Math.floor(i / 144) : 0)] as number) / 65535,
    );
    expectClose(planes, wanted, { tolerance: 0.51 / 65535, why: 'half a step of 16 bits' });
  });
});
