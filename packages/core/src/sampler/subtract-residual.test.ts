import { describe, expect, it } from 'vitest';
import { paintPixels } from '../../testing/pictures.ts';
import type { Pixels } from '../image/pixels.ts';
import type { ResidualPatch } from '../tiling/blend.ts';
import { subtractResidual } from './subtract-residual.ts';

const empty = (pixels: Pixels): Pixels => ({
  ...pixels,
  data: pixels.data instanceof Uint16Array ? new Uint16Array(pixels.data.length) : new Uint8Array(pixels.data.length),
});

/** A patch over the whole picture, plane by plane. */
function whole({ width, height }: Pixels, planes: (c: number) => number): ResidualPatch {
  const area = width * height;
  return {
    top: 0,
    left: 0,
    height,
    width,
    strideH: height,
    strideW: width,
    planes: Float32Array.from({ length: 3 * area }, (_, i) => planes(Math.floor(i / area))),
  };
}

function subtract(pixels: Pixels, planes: (c: number) => number, strength = 1): number[] {
  const restored = empty(pixels);
  subtractResidual(pixels, whole(pixels, planes), strength, restored, 'degraded-minus-clean');
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
  it('writes under the patch only', () => {
    const pixels = paintPixels(4, 4, 1);
    const restored = empty(pixels);
    subtractResidual(
      pixels,
      { top: 1, left: 2, height: 2, width: 1, strideH: 3, strideW: 2, planes: new Float32Array(18) },
      1,
      restored,
      'degraded-minus-clean',
    );
    expect([...restored.data].map((v) => (v === 0 ? 0 : 1))).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  });
});
