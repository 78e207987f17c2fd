import { describe, expect, it } from 'vitest';
import { createNoisePlate, cutNoise } from '../tensor/gaussian-noise.ts';
import { tensor } from '../tensor/tensor.ts';
import { planTileGrid } from '../tiling/tile-grid.ts';
import { noiseRows, stepRows } from './residual-rows.ts';

const rule = { sizePx: 32, overlapPx: 8, multiplePx: 8 };
const size = { height: 120, width: 72 };
const grid = planTileGrid(size, rule);

/** A step whose result at a place is a number of that place. */
const valueAt = (c: number, y: number, x: number): number => c * 100_000 + y * 100 + x;
function placeRows() {
  const ran: string[] = [];
  const rows = stepRows(grid, async (row, column) => {
    ran.push(`${row},${column}`);
    const [y, x] = [grid.rows.spans[row]?.window ?? { start: 0, end: 0 }, grid.columns.spans[column]?.window ?? { start: 0, end: 0 }];
    const [height, width] = [y.end - y.start, x.end - x.start];
    const at = (i: number): number => valueAt(Math.floor(i / (height * width)), y.start + (Math.floor(i / width) % height), x.start + (i % width));
    return tensor(
      'NCHW',
      [1, 3, height, width],
      Float32Array.from({ length: 3 * height * width }, (_, i) => at(i)),
    );
  });
  return { rows, ran };
}

describe('noiseRows', () => {
  it('are the plate over the picture', async () => {
    const plate = createNoisePlate(3);
    const cut = await noiseRows(plate).cut({ start: 250, end: 260 }, { start: 8, end: 24 });
    expect(cut).toEqual(cutNoise(plate, { top: 250, left: 8, height: 10, width: 16 }));
  });
});

describe('stepRows', () => {
  it('give every window what the step left there, across tiles and bands', async () => {
    const { rows } = placeRows();
    for (const { window: y } of grid.rows.spans)
      for (const { window: x } of grid.columns.spans) {
        const { data, dims } = await rows.cut(y, x);
        const [height, width] = [y.end - y.start, x.end - x.start];
        expect(dims).toEqual([1, 3, height, width]);
        for (let i = 0; i < data.length; i++) {
          const expected = valueAt(Math.floor(i / (height * width)), y.start + (Math.floor(i / width) % height), x.start + (i % width));
          // Weights of a hand-over sum to 1 within float32; values go to 212,000.
          expect(Math.abs((data[i] as number) - expected)).toBeLessThan(0.05);
        }
      }
  });
  it('run a row of tiles when its rows are asked for, once', async () => {
    const { rows, ran } = placeRows();
    const columns = grid.columns.spans.length;
    await rows.cut({ start: 0, end: 1 }, { start: 0, end: 8 });
    expect(ran).toHaveLength(columns);
    await rows.cut({ start: 0, end: 2 }, { start: 8, end: 16 });
    expect(ran).toHaveLength(columns);
    await rows.cut({ start: 100, end: 120 }, { start: 0, end: 8 });
    expect(ran).toHaveLength(columns * grid.rows.spans.length);
    expect(new Set(ran).size).toBe(ran.length);
  });
});
