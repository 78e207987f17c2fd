import { describe, expect, it } from 'vitest';
import { createNoisePlate, cutNoise } from '../tensor/gaussian-noise.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ReadTileRow } from '../tiling/blend.ts';
import { planTileGrid } from '../tiling/tile-grid.ts';
import { createResidualRows, noiseRows } from './residual-rows.ts';
import { planTileRuns } from './tile-runs.ts';

const grid = planTileGrid({ height: 120, width: 72 }, { sizePx: 32, overlapPx: 8, multiplePx: 8 });

/** What the step left at a place is a number of that place. */
const valueAt = (c: number, y: number, x: number): number => c * 100_000 + y * 100 + x;

function windowAt(row: number, column: number) {
  const [y, x] = [grid.rows.spans[row], grid.columns.spans[column]];
  if (y === undefined || x === undefined) throw new RangeError(`The grid has no tile ${row},${column}.`);
  return { y: y.window, x: x.window, height: y.window.end - y.window.start, width: x.window.end - x.window.start };
}

/** The tile by its rows. */
function readTile(row: number, column: number): ReadTileRow {
  const { y: rows, x: columns } = windowAt(row, column);
  return (y, left, lines, width) => {
    for (let c = 0; c < 3; c++) for (let x = 0; x < width; x++) lines[c * width + x] = valueAt(c, rows.start + y, columns.start + left + x);
  };
}

function placeTile(row: number, column: number): Tensor<'NCHW'> {
  const { y, x, height, width } = windowAt(row, column);
  const at = (i: number): number => valueAt(Math.floor(i / (height * width)), y.start + (Math.floor(i / width) % height), x.start + (i % width));
  return tensor(
    'NCHW',
    [1, 3, height, width],
    Float32Array.from({ length: 3 * height * width }, (_, i) => at(i)),
  );
}

describe('noise rows', () => {
  it('are the plate over the picture', () => {
    const plate = createNoisePlate(3);
    const cut = noiseRows(plate).cut({ start: 250, end: 260 }, { start: 8, end: 24 }, new Float32Array(3 * 10 * 16));
    expect(cut).toEqual(cutNoise(plate, { top: 250, left: 8, height: 10, width: 16 }));
  });
});

describe('residual rows', () => {
  it('give every window what the step left there, across tiles, although rows take the place of others', () => {
    const rows = createResidualRows(grid);
    let windows = 0;
    for (const { step, row, column } of planTileRuns(grid, 2)) {
      if (step === 0) {
        rows.add(row, column, readTile(row, column));
        continue;
      }
      windows += 1;
      const { y, x, height, width } = windowAt(row, column);
      const { data, dims } = rows.cut(y, x, new Float32Array(3 * height * width));
      expect(dims).toEqual([1, 3, height, width]);
      const expected = placeTile(row, column).data;
      // Weights of a hand-over sum to 1 within float32; values go to 212,000.
      for (let i = 0; i < data.length; i++) expect(Math.abs((data[i] as number) - (expected[i] as number))).toBeLessThan(0.05);
    }
    expect(windows).toBe(grid.rows.spans.length * grid.columns.spans.length);
  });
  it('say what they have, and refuse what they do not have yet', () => {
    const rows = createResidualRows(grid);
    const { y, x, height, width } = windowAt(0, 0);
    const cut = () => rows.cut(y, x, new Float32Array(3 * height * width));
    expect(rows.has(y)).toBe(false);
    expect(cut).toThrow('Rows up to 32 were asked for, they are there up to 0.');
    for (const { step, row, column } of planTileRuns(grid, 2)) {
      if (step === 1) break;
      rows.add(row, column, readTile(row, column));
    }
    expect(rows.has(y)).toBe(true);
    expect(cut).not.toThrow();
  });
});
