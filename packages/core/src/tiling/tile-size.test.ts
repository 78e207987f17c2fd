import { describe, expect, it } from 'vitest';
import { planTileGrid } from './tile-grid.ts';
import { chooseTileSize } from './tile-size.ts';

const rule = { sizePx: 832, overlapPx: 64, multiplePx: 8 };
const large = { width: 4000, height: 3000 };
const small = { width: 1080, height: 810 };

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
  it('sends 1.1 to 1.31 times the pixels of any large picture through the network', () => {
    for (let width = 1100; width <= 9000; width += 100) {
      const picture = { width, height: 0.75 * width };
      const { rows, columns } = planTileGrid(picture, chooseTileSize('auto', rule, picture, true));
      const seen = [rows, columns].map(({ spans }) => spans.reduce((sum, { window }) => sum + window.end - window.start, 0)) as [number, number];
      const share = (seen[0] * seen[1]) / (width * picture.height);
      expect(share).toBeGreaterThan(1.1);
      expect(share).toBeLessThan(1.31);
    }
  });
  it('refuses tiles too small for their overlap, and such as are no multiple', () => {
    for (const tile of [248, 250, 260])
      expect(() => chooseTileSize(tile, rule, small, true)).toThrow(`tile must be 'auto' or a multiple of 8 from 256 on for this model, got ${tile}.`);
  });
});
