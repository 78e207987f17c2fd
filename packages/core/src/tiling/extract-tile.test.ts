import { describe, expect, it } from 'vitest';
import type { Pixels } from '../image/pixels.ts';
import { extractTile } from './extract-tile.ts';

/** One row of grey: 0, 51, 102. */
const row: Pixels = { width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 51, 102) };

describe('extractTile', () => {
  it('reflects past the border without repeating it, then clamps to what there is', () => {
    const { dims, data } = extractTile(row, { start: 0, end: 1 }, { start: 0, end: 8 });
    expect(dims).toEqual([1, 3, 1, 8]);
    expect([...data.subarray(0, 8)].map((v) => Math.round(v * 255))).toEqual([0, 51, 102, 51, 0, 0, 0, 0]);
  });
  it('gives planes in the order R, G, B and leaves alpha out', () => {
    const pixel: Pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(255, 0, 51, 9) };
    expect([...extractTile(pixel, { start: 0, end: 1 }, { start: 0, end: 1 }).data]).toEqual([1, 0, Math.fround(51 / 255)]);
  });
  it('does not take rows for columns', () => {
    const pixels: Pixels = { width: 2, height: 3, channels: 1, data: Uint8Array.of(0, 1, 2, 3, 4, 5) };
    const { dims, data } = extractTile(pixels, { start: 1, end: 3 }, { start: 0, end: 2 });
    expect(dims).toEqual([1, 3, 2, 2]);
    expect([...data.subarray(0, 4)].map((v) => Math.round(v * 255))).toEqual([2, 3, 4, 5]);
  });
});
