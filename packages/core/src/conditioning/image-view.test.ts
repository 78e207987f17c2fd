import { describe, expect, it } from 'vitest';
import { paintPixels } from '../../testing/pictures.ts';
import { cutPatches, planView, viewImage } from './image-view.ts';

const view = { areaPx: 16_384, multiplePx: 16, maxSidePx: 512 };
const patches = { grid: 3, sizePx: 64 };

describe('planView', () => {
  it.each([
    [128, 128, 128, 128],
    [3000, 4000, 112, 144],
    [4000, 3000, 144, 112],
    [1, 1, 128, 128],
    [1, 4000, 16, 512],
    [4000, 1, 512, 16],
    [6000, 8000, 112, 144],
  ])('a picture of height %i and width %i is seen as %i x %i', (height, width, h, w) => {
    expect(planView({ height, width }, view)).toEqual({ height: h, width: w });
  });
});

describe('viewImage', () => {
  it('gives planes of height, then width', () => {
    expect(viewImage(paintPixels(400, 300), view).dims).toEqual([1, 3, 112, 144]);
  });
});

describe('cutPatches', () => {
  it('cuts nine windows at native scale, row by row, from corner to corner', () => {
    const pixels = paintPixels(200, 301, 1);
    const { dims, data } = cutPatches(pixels, patches);
    expect(dims).toEqual([9, 3, 64, 64]);
    const first = (patch: number): number => Math.round((data[patch * 3 * 64 * 64] as number) * 255);
    const at = (y: number, x: number): number => pixels.data[y * 200 + x] as number;
    // Origins 0, 68, 136 along the width and 0, 118.5 (rounded up), 237 along the height.
    expect(Array.from({ length: 9 }, (_, k) => first(k))).toEqual([0, 119, 237].flatMap((y) => [0, 68, 136].map((x) => at(y, x))));
  });
  it('repeats the border of a picture smaller than a patch', () => {
    const { data } = cutPatches({ width: 2, height: 1, channels: 1, data: Uint8Array.of(51, 102) }, patches);
    expect([...data.subarray(0, 4)].map((v) => Math.round(v * 255))).toEqual([51, 102, 102, 102]);
    expect(Math.round((data[64 * 64 - 1] as number) * 255)).toBe(102);
  });
});
