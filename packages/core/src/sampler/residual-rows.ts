/** A noisy residual over the whole picture whose rows are made when they are asked for, and forgotten when they have been passed. */
import { cutNoise, type NoisePlate } from '../tensor/gaussian-noise.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { createResidualBlender, type ResidualPatch } from '../tiling/blend.ts';
import type { Span, TileGrid } from '../tiling/tile-grid.ts';

/** x_t of the whole picture. Windows are asked for from the top down: rows above the last window are gone. */
export type ResidualRows = {
  /** @returns [1,3,rows,columns] */
  cut(rows: Span, columns: Span): Promise<Tensor<'NCHW'>>;
};

/** Where sampling starts: x_T is the noise plate, repeated over the picture. */
export function noiseRows(plate: NoisePlate): ResidualRows {
  return {
    cut: async (rows, columns) => cutNoise(plate, { top: rows.start, left: columns.start, height: rows.end - rows.start, width: columns.end - columns.start }),
  };
}

/**
 * What one sampling step leaves: tiles are run row by row, blended, and kept as long as a window may ask for them. So the next step reads what the
 * untiled picture would give it, not what a tile saw at its own edges, and the overlap need only cover the receptive field of one pass.
 * @param runTile runs the step on the tile in this row and column of the grid -> x_tPrev [1,3,H,W]
 */
export function stepRows(grid: TileGrid, runTile: (row: number, column: number) => Promise<Tensor<'NCHW'>>): ResidualRows {
  const blender = createResidualBlender(grid);
  let bands: readonly Band[] = [];
  let nextRow = 0;

  const runRow = async (): Promise<Band> => {
    const row = nextRow++;
    let band: Band | undefined;
    for (let column = 0; column < grid.columns.spans.length; column++) {
      const patch = blender.add(row, column, await runTile(row, column));
      band ??= { start: patch.top, end: patch.top + patch.height, planes: new Float32Array(3 * patch.height * grid.width) };
      storePatch(patch, band, grid.width);
    }
    return band as Band; // a grid has at least one column
  };

  return {
    async cut(rows, columns) {
      bands = bands.filter(({ end }) => end > rows.start).map((band) => dropRows(band, rows.start, grid.width));
      while ((bands.at(-1)?.end ?? 0) < rows.end) bands = [...bands, await runRow()];
      return cutBands(bands, grid.width, rows, columns);
    },
  };
}

/** Finished rows `start` to `end` of the picture, planes [3,end-start,width]. */
type Band = { readonly start: number; readonly end: number; readonly planes: Float32Array };

/** The band from row `start` on: what lies above has been passed. */
function dropRows(band: Band, start: number, width: number): Band {
  if (band.start >= start) return band;
  const [height, left] = [band.end - band.start, band.end - start];
  const planes = new Float32Array(3 * left * width);
  for (let c = 0; c < 3; c++) planes.set(band.planes.subarray((c * height + height - left) * width, (c + 1) * height * width), c * left * width);
  return { start, end: band.end, planes };
}

function storePatch({ left, width, height, planes, strideH, strideW }: ResidualPatch, band: Band, bandWidth: number): void {
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * strideH + y) * strideW;
      band.planes.set(planes.subarray(from, from + width), (c * height + y) * bandWidth + left);
    }
}

function cutBands(bands: readonly Band[], bandWidth: number, rows: Span, columns: Span): Tensor<'NCHW'> {
  const height = rows.end - rows.start;
  const width = columns.end - columns.start;
  const window = new Float32Array(3 * height * width);
  for (const { start, end, planes } of bands)
    for (let c = 0; c < 3; c++)
      for (let y = Math.max(start, rows.start); y < Math.min(end, rows.end); y++) {
        const from = (c * (end - start) + y - start) * bandWidth + columns.start;
        window.set(planes.subarray(from, from + width), (c * height + y - rows.start) * width);
      }
  return tensor('NCHW', [1, 3, height, width], window);
}
