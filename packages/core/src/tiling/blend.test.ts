import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { createResidualBlender } from './blend.ts';
import { planTileGrid } from './tile-grid.ts';

/** Cuts a known residual into tiles, blends them, and puts the rows together; counts how often each place was given. */
function roundTrip(
  height: number,
  width: number,
  rule: { sizePx: number; overlapPx: number; multiplePx: number },
  valueAt: (c: number, y: number, x: number, tile: number) => number,
) {
  const grid = planTileGrid({ height, width }, rule);
  const blender = createResidualBlender(grid);
  const result = new Float32Array(3 * height * width);
  const given = new Uint8Array(height * width);
  let tile = 0;
  let areas = 0;
  for (const [i, { window: rows }] of grid.rows.spans.entries())
    for (const [j, { window: columns }] of grid.columns.spans.entries()) {
      const h = rows.end - rows.start;
      const w = columns.end - columns.start;
      const data = new Float32Array(3 * h * w);
      for (let c = 0, at = 0; c < 3; c++)
        for (let y = rows.start; y < rows.end; y++) for (let x = columns.start; x < columns.end; x++) data[at++] = valueAt(c, y, x, tile);
      tile++;
      const read = (y: number, left: number, lines: Float32Array, length: number): void => {
        for (let c = 0; c < 3; c++) lines.set(data.subarray((c * h + y) * w + left, (c * h + y) * w + left + length), c * length);
      };
      const rectangle = blender.add(i, j, read, ({ y, left, width: length, lines, stride }) => {
        for (let x = left; x < left + length; x++) {
          const place = y * width + x;
          given[place] = (given[place] as number) + 1;
          for (let c = 0; c < 3; c++) result[c * height * width + place] = lines[c * stride + x - left] as number;
        }
      });
      areas += rectangle.height * rectangle.width;
    }
  expect(areas).toBe(height * width); // of the rectangles
  return { result, given, tiles: tile };
}

const rule = { sizePx: 64, overlapPx: 16, multiplePx: 8 };
const field = (c: number, y: number, x: number): number => Math.sin(c + y / 5) * Math.cos(x / 7 - c);

describe('createResidualBlender', () => {
  it.each([
    [150, 200, rule],
    [200, 150, rule],
    [1, 300, rule],
    [300, 1, rule],
    [64, 64, rule],
    [65, 129, rule],
    [97, 203, { sizePx: 32, overlapPx: 0, multiplePx: 8 }],
    [97, 203, { sizePx: 40, overlapPx: 8, multiplePx: 8 }],
  ])('gives every place once, and what the tiles agree on: %i x %i, %o', (height, width, r) => {
    const { result, given } = roundTrip(height, width, r, field);
    expect(given.every((times) => times === 1)).toBe(true);
    const expected = Float32Array.from({ length: 3 * height * width }, (_, i) =>
      field(Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width),
    );
    expectClose(result, expected, { tolerance: 1e-6, why: 'weights sum to 1 within float32, values up to 1' });
  });
  it('keeps zeros exactly zero', () => {
    expect(roundTrip(150, 200, rule, () => 0).result.every((v) => v === 0)).toBe(true);
  });
  it('fades from one tile into the next without a step', () => {
    const { result, tiles } = roundTrip(8, 120, rule, (_, __, ___, tile) => tile);
    expect(tiles).toBe(3);
    const steps = Array.from({ length: 119 }, (_, x) => (result[x + 1] as number) - (result[x] as number));
    expect(Math.max(...steps)).toBeLessThanOrEqual(1 / 4 + 1e-6);
    expect(result[0]).toBe(0);
    expect(result[119]).toBe(2);
  });
});
