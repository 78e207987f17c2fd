import { describe, expect, it } from 'vitest';
import { paintPixels } from '../../testing/pictures.ts';
import type { Pixels } from '../image/pixels.ts';
import type { ResidualRow } from '../tiling/blend.ts';
import { subtractResidual } from './subtract-residual.ts';

const empty = (pixels: Pixels): Pixels => ({
  ...pixels,
  data: pixels.data instanceof Uint16Array ? new Uint16Array(pixels.data.length) : new Uint8Array(pixels.data.length),
});

/** Row by row over the whole picture; the same number everywhere in a plane. */
function subtract(pixels: Pixels, planes: (c: number) => number, strength = 1): number[] {
  const restored = empty(pixels);
  const { width } = pixels;
  const lines = Float32Array.from({ length: 3 * width }, (_, i) => planes(Math.floor(i / width)));
  for (let y = 0; y < pixels.height; y++) subtractResidual(pixels, { y, left: 0, width, lines, stride: width }, strength, restored, 'degraded-minus-clean');
  return [...restored.data];
}

describe('subtractResidual', () => {
  it.each([8, 16] as const)('gives the input back for a residual of zero, to the last bit of %i', (depth) => {
    for (const channels of [1, 2, 3, 4] as const) {
      const pixels = paintPixels(13, 7, channels, depth);
      expect(subtract(pixels, () => 0)).toEqual([...pixels.data]);
    }
  });
  it('subtracts: what the weather added goes away, channel by channel', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(200, 150, 100, 77) };
    expect(subtract(pixel, (c) => ((c + 1) * 10) / 255)).toEqual([190, 130, 70, 77]);
  });
  it('takes away the share that strength says', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(200, 150, 100) };
    expect(subtract(pixel, () => 40 / 255, 0.5)).toEqual([180, 130, 80]);
    expect(subtract(pixel, () => 40 / 255, 0)).toEqual([200, 150, 100]);
  });
  it('clips to black and white', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(10, 128, 250) };
    expect(subtract(pixel, (c) => [1, 0, -1][c] as number)).toEqual([0, 128, 255]);
  });
  it('works on 16-bit samples in 16 bits', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 1, data: Uint16Array.of(30_000) };
    expect(subtract(pixel, () => 3 / 65535)).toEqual([29_997]);
  });
  it('takes the mean over R, G and B for grey', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 2, data: Uint8Array.of(100, 5) };
    expect(subtract(pixel, (c) => [30 / 255, 0, 0][c] as number)).toEqual([90, 5]);
  });
  it('writes under the row only, and within the picture', () => {
    const pixels = paintPixels(4, 4, 1);
    const written = (...rows: Pick<ResidualRow, 'y' | 'left' | 'width'>[]): number[] => {
      const restored = empty(pixels);
      for (const row of rows) subtractResidual(pixels, { ...row, lines: new Float32Array(18), stride: 6 }, 1, restored, 'degraded-minus-clean');
      return [...restored.data].map((v) => (v === 0 ? 0 : 1));
    };
    expect(written({ y: 1, left: 2, width: 1 }, { y: 2, left: 2, width: 1 })).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect(written({ y: 1, left: 2, width: 6 }, { y: 4, left: 0, width: 4 })).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
