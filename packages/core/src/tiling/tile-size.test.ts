import { describe, expect, it } from 'vitest';
import { planTileGrid } from './tile-grid.ts';
import { chooseTileSize } from './tile-size.ts';

const rule = { sizePx: 832, overlapPx: 64, multiplePx: 8 };
const large = { width: 4000, height: 3000 };
const small = { width: 1152, height: 864 };

describe('chooseTileSize', () => {
  it('takes the size that is asked for, whatever the picture', () => {
    for (const picture of [small, large]) expect(chooseTileSize(512, rule, picture, true)).toEqual({ ...rule, sizePx: 512 });
  });
  it('takes the model’s own for small pictures, and a quarter more, in whole multiples, for large ones', () => {
    expect(chooseTileSize('auto', rule, small, true)).toEqual(rule);
    expect(chooseTileSize('auto', rule, large, true)).toEqual({ ...rule, sizePx: 1040 });
    expect(chooseTileSize('auto', { ...rule, sizePx: 848 }, large, true).sizePx).toBe(1056);
  });
  it('keeps the model’s own where a larger tile would change the result', () => {
    expect(chooseTileSize('auto', rule, large, false)).toEqual(rule);
  });
  it('lets overlaps take about the same share of any picture', () => {
    const shares = [small, { width: 2304, height: 1728 }, large, { width: 5656, height: 4242 }, { width: 8000, height: 6000 }].map((picture) => {
      const { rows, columns } = planTileGrid(picture, chooseTileSize('auto', rule, picture, true));
      const seen = [rows, columns].map(({ spans }) => spans.reduce((sum, { window }) => sum + window.end - window.start, 0)) as [number, number];
      return (seen[0] * seen[1]) / (picture.width * picture.height);
    });
    // 1.28 to 1.35 of the picture's pixels go through the network.
    expect(Math.max(...shares) / Math.min(...shares)).toBeLessThan(1.06);
  });
  it('refuses tiles too small for their overlap, and such as are no multiple', () => {
    for (const tile of [248, 250, 260])
      expect(() => chooseTileSize(tile, rule, small, true)).toThrow(`tile must be 'auto' or a multiple of 8 from 256 on for this model, got ${tile}.`);
  });
});
