import { describe, expect, it } from 'vitest';
import { finishedPx, planTileGrid } from '../tiling/tile-grid.ts';
import { planTileRuns } from './tile-runs.ts';

const grid = planTileGrid({ height: 400, width: 72 }, { sizePx: 32, overlapPx: 8, multiplePx: 8 });
const [rows, columns] = [grid.rows.spans.length, grid.columns.spans.length];

describe('planTileRuns', () => {
  it.each([1, 2, 3])('has every tile of %i steps once, each step in reading order', (steps) => {
    const runs = planTileRuns(grid, steps);
    for (let step = 0; step < steps; step++) {
      const places = runs.filter((run) => run.step === step).map(({ row, column }) => row * columns + column);
      expect(places).toEqual(Array.from({ length: rows * columns }, (_, i) => i));
    }
    expect(runs).toHaveLength(steps * rows * columns);
  });
  it('runs a step only where the one before it is finished, and that one no further ahead than it must', () => {
    const done = [0, 0, 0]; // rows of tiles, by step
    for (const { step, row, column } of planTileRuns(grid, 3)) {
      const window = grid.rows.spans[row]?.window ?? { start: 0, end: 0 };
      if (step > 0) {
        const before = done[step - 1] as number;
        expect(finishedPx(grid.rows, before)).toBeGreaterThanOrEqual(window.end);
        if (column === 0 && row < rows - 1) expect(before - row).toBeLessThanOrEqual(2);
      }
      if (column === columns - 1) done[step] = row + 1;
    }
  });
});
