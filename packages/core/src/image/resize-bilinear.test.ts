import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { paintPixels } from '../../testing/pictures.ts';
import { gatherPlanes } from './convert.ts';
import type { Pixels } from './pixels.ts';
import { resizeBilinear, rowsOfPixels } from './resize-bilinear.ts';

/** The definition, word by word: a triangle of weights around each output sample's place in the input. */
function resizeByDefinition(pixels: Pixels, out: { height: number; width: number }, antialias: boolean): number[] {
  const weights = (input: number, output: number, i: number): number[] => {
    const scale = input / output;
    const place = (i + 0.5) * scale - 0.5;
    const reach = antialias ? Math.max(1, scale) : 1;
    const clamped = antialias ? place : Math.min(input - 1, Math.max(0, place));
    const raw = Array.from({ length: input }, (_, k) => Math.max(0, 1 - Math.abs(k - clamped) / reach));
    const sum = raw.reduce((total, w) => total + w, 0);
    return raw.map((w) => w / sum);
  };
  const every = (side: number): Int32Array => Int32Array.from({ length: side }, (_, k) => k);
  const { data } = gatherPlanes(pixels, every(pixels.height), every(pixels.width));
  const values: number[] = [];
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < out.height; i++)
      for (let j = 0; j < out.width; j++) {
        const [rows, columns] = [weights(pixels.height, out.height, i), weights(pixels.width, out.width, j)];
        let sum = 0;
        for (let y = 0; y < pixels.height; y++)
          for (let x = 0; x < pixels.width; x++)
            sum += (rows[y] as number) * (columns[x] as number) * (data[(c * pixels.height + y) * pixels.width + x] as number);
        values.push(sum);
      }
  return values;
}

describe('resizeBilinear', () => {
  it.each([
    ['larger', 9, 7, 28, 14, 3],
    ['smaller', 37, 23, 14, 14, 3],
    ['much smaller', 90, 61, 14, 14, 3],
    ['higher and narrower', 20, 13, 14, 28, 3],
    ['one pixel wide', 1, 30, 14, 14, 3],
    ['one pixel in all', 1, 1, 14, 14, 3],
    ['grey with alpha', 17, 12, 14, 14, 2],
    ['of the same size', 14, 28, 14, 28, 3],
  ] as const)('follows the definition: %s', (_, width, height, outWidth, outHeight, channels) => {
    const pixels = paintPixels(width, height, channels);
    const size = { height: outHeight, width: outWidth };
    for (const antialias of [false, true]) {
      const resized = resizeBilinear(rowsOfPixels(pixels), size, { antialias });
      expect(resized.dims).toEqual([1, 3, outHeight, outWidth]);
      expectClose(resized.data, resizeByDefinition(pixels, size, antialias), { tolerance: 1e-6, why: 'one float32 rounding of numbers up to 1' });
    }
  });
});
