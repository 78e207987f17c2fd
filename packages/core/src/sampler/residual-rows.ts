/** What a sampling step reads: x_t over the whole picture, of which only the rows are kept that a later window may ask for. */
import { cutNoise, type NoisePlate } from '../tensor/gaussian-noise.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { createResidualBlender, type ReadTileRow, type ResidualRow } from '../tiling/blend.ts';
import { finishedPx, type Span, type TileGrid } from '../tiling/tile-grid.ts';

/** x_t of the whole picture. Windows are asked for from the top down. */
export type ResidualSource = {
  /** Whether all of these rows are there. */
  has(rows: Span): boolean;
  /**
   * @param target where the numbers go, 3 * rows * columns of them
   * @returns [1,3,rows,columns]
   */
  cut(rows: Span, columns: Span, target: Float32Array): Tensor<'NCHW'>;
};

/** What one step leaves and the next one reads. */
export type ResidualRows = ResidualSource & {
  /** Takes x_tPrev of the next tile, in reading order. */
  add(row: number, column: number, read: ReadTileRow): void;
};

/** Where sampling starts: x_T is the noise plate, repeated over the picture. */
export function noiseRows(plate: NoisePlate): ResidualSource {
  return {
    has: () => true,
    cut: (rows, columns, target) =>
      cutNoise(plate, { top: rows.start, left: columns.start, height: rows.end - rows.start, width: columns.end - columns.start }, target),
  };
}

/**
 * Tiles are blended and their rows kept as long as a window may ask for them. So the next step reads what the untiled picture would give it, not what
 * a tile saw at its own edges, and the overlap need only cover the receptive field of one pass. Rows go round in a ring: row y stands in place y mod
 * its length, and takes the place of one that has been passed.
 */
export function createResidualRows(grid: TileGrid): ResidualRows {
  const length = ringLength(grid);
  const ring: Ring = { length, width: grid.width, planes: new Float32Array(3 * length * grid.width) };
  const blender = createResidualBlender(grid);
  let finishedRows = 0;
  return {
    has: (rows) => rows.end <= finishedRows,
    add(row, column, read) {
      blender.add(row, column, read, (finished) => storeRow(finished, ring));
      if (column === grid.columns.spans.length - 1) finishedRows = finishedPx(grid.rows, row + 1);
    },
    cut(rows, columns, target) {
      if (rows.end > finishedRows) throw new RangeError(`Rows up to ${rows.end} were asked for, they are there up to ${finishedRows}.`);
      return cutRing(ring, rows, columns, target);
    },
  };
}

/** Planes [3,length,width]. */
type Ring = { readonly length: number; readonly width: number; readonly planes: Float32Array };

/**
 * The most rows from the start of a window to the end of the tiles it reaches into: of what is finished of them, or of all.
 * @param unfinishedPx rows that are kept of the hand-over to the next row of tiles. @default 0
 */
export function ringLength({ rows }: TileGrid, unfinishedPx = 0): number {
  let added = 0;
  const lengths = rows.spans.map(({ window }) => {
    while (finishedPx(rows, added) < window.end) added++;
    return finishedPx(rows, added) + (added < rows.spans.length ? unfinishedPx : 0) - window.start;
  });
  return Math.max(...lengths);
}

function storeRow({ y, left, width, lines, stride }: ResidualRow, ring: Ring): void {
  for (let c = 0; c < 3; c++) ring.planes.set(lines.subarray(c * stride, c * stride + width), (c * ring.length + (y % ring.length)) * ring.width + left);
}

function cutRing(ring: Ring, rows: Span, columns: Span, target: Float32Array): Tensor<'NCHW'> {
  const height = rows.end - rows.start;
  const width = columns.end - columns.start;
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * ring.length + ((rows.start + y) % ring.length)) * ring.width + columns.start;
      target.set(ring.planes.subarray(from, from + width), (c * height + y) * width);
    }
  return tensor('NCHW', [1, 3, height, width], target);
}
