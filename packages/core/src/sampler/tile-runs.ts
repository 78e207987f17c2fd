/** A grid and a number of steps -> every inference of a restoration, in an order in which each finds what it reads. */
import { finishedPx, type TileGrid } from '../tiling/tile-grid.ts';

/** One inference: a step, from 0, on the tile in this row and column of the grid. */
export type TileRun = { readonly step: number; readonly row: number; readonly column: number };

/**
 * Rows of tiles of the last step from the top down, each after those rows of the step before that its windows reach into, and so on to the first
 * step. So no step runs further ahead of the next one than that, and few of its rows need be kept.
 */
export function planTileRuns({ rows, columns }: TileGrid, steps: number): readonly TileRun[] {
  const runs: TileRun[] = [];
  const planned = new Array<number>(steps).fill(0); // rows of tiles, by step
  const planRow = (step: number): void => {
    const row = planned[step] as number;
    const { window } = rows.spans[row] as (typeof rows.spans)[number]; // no step is asked for more rows than there are
    while (step > 0 && finishedPx(rows, planned[step - 1] as number) < window.end) planRow(step - 1);
    planned[step] = row + 1;
    for (let column = 0; column < columns.spans.length; column++) runs.push({ step, row, column });
  };
  for (let row = 0; row < rows.spans.length; row++) planRow(steps - 1);
  return runs;
}
