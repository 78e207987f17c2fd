/** Residuals of tiles, row by row -> finished rows of the residual; only the hand-overs are kept in memory. */
import type { TileAxis, TileGrid, TileSpan } from './tile-grid.ts';

/**
 * Writes row `y` of a tile, from column `left` on, into `lines` as [3,width].
 * @param y, left places in the tile's window
 */
export type ReadTileRow = (y: number, left: number, lines: Float32Array, width: number) => void;

/** A finished piece of a row of the residual: the first `width` numbers of three lines, R, G and B, that are `stride` numbers apart. */
export type ResidualRow = {
  /** Row and first column in the picture. */
  readonly y: number;
  readonly left: number;
  readonly width: number;
  /** Used again for the next row. */
  readonly lines: Float32Array;
  readonly stride: number;
};

/** A rectangle of the picture. */
export type Rectangle = { readonly top: number; readonly left: number; readonly height: number; readonly width: number };

export type ResidualBlender = {
  /**
   * Takes the next tile, in reading order, and gives the rows that no later tile can change.
   * @returns the rectangle of these rows
   */
  add(row: number, column: number, read: ReadTileRow, give: (row: ResidualRow) => void): Rectangle;
};

/**
 * Window-weighted blending: across a hand-over one tile fades linearly into the other and the weights sum to 1. Where tiles agree (and
 * they do, once the overlap covers the receptive field) nothing changes. Keeps a strip of `rampPx` rows and one of `rampPx` columns; a row passes
 * through all that is done to it while it is near the processor.
 */
export function createResidualBlender(grid: TileGrid): ResidualBlender {
  const { rows, columns } = grid;
  const rowStrip = new Float32Array(3 * rows.rampPx * grid.width); // bottom hand-over of the tile row above, [ramp,3,width]
  const columnStrip = new Float32Array(3 * longestRegion(rows) * columns.rampPx); // right hand-over of the tile to the left, [regionH,3,ramp]
  const memory = new Float32Array(3 * longestRegion(columns));
  const rising = [risingWeights(rows.rampPx), risingWeights(columns.rampPx)] as const;

  return {
    add(row, column, read, give) {
      const [spanY, spanX] = [spanAt(rows, row), spanAt(columns, column)];
      const [top, left] = [spanY.region.start, spanX.region.start];
      const [regionH, regionW] = [spanY.region.end - top, spanX.region.end - left];
      const height = row < rows.spans.length - 1 ? regionH - rows.rampPx : regionH; // of what is finished
      const width = column < columns.spans.length - 1 ? regionW - columns.rampPx : regionW;
      const lines = memory.subarray(0, 3 * regionW); // [3,regionW]

      for (let y = 0; y < regionH; y++) {
        read(top - spanY.window.start + y, left - spanX.window.start, lines, regionW);
        if (row > 0 && y < rows.rampPx) weigh(lines, rising[0][y] as number);
        if (y >= height) weigh(lines, 1 - (rising[0][y - height] as number));

        const besides = y * 3 * columns.rampPx;
        if (column > 0) fadeIn(lines, regionW, rising[1]);
        if (width < regionW) fadeOut(lines, regionW, rising[1]);
        if (column > 0) addPiece(columnStrip, besides, columns.rampPx, lines, regionW, columns.rampPx);
        if (width < regionW) keepPiece(lines, width, regionW, columnStrip, besides, columns.rampPx, columns.rampPx);

        if (row > 0 && y < rows.rampPx) addPiece(rowStrip, y * 3 * grid.width + left, grid.width, lines, regionW, width);
        if (y < height) give({ y: top + y, left, width, lines, stride: regionW });
        else keepPiece(lines, 0, regionW, rowStrip, (y - height) * 3 * grid.width + left, grid.width, width);
      }
      return { top, left, height, width };
    },
  };
}

function longestRegion({ spans }: TileAxis): number {
  return Math.max(...spans.map(({ region }) => region.end - region.start));
}

function spanAt(axis: TileAxis, index: number): TileSpan {
  const span = axis.spans[index];
  if (span === undefined) throw new RangeError(`The grid has ${axis.spans.length} tiles on this side, there is no number ${index}.`);
  return span;
}

/** Weight of a tile at place `k` of the hand-over to the next one is 1 - this; that of the next one is this. */
function risingWeights(rampPx: number): Float64Array {
  return Float64Array.from({ length: rampPx }, (_, k) => (k + 0.5) / rampPx);
}

function weigh(lines: Float32Array, weight: number): void {
  for (let at = 0; at < lines.length; at++) lines[at] = weight * (lines[at] as number);
}

/** Weighs the hand-over at the left of three lines. */
function fadeIn(lines: Float32Array, stride: number, rising: Float64Array): void {
  for (let start = 0; start < lines.length; start += stride)
    for (let k = 0; k < rising.length; k++) lines[start + k] = (rising[k] as number) * (lines[start + k] as number);
}

/** Weighs the hand-over at the right. */
function fadeOut(lines: Float32Array, stride: number, rising: Float64Array): void {
  for (let start = stride - rising.length; start < lines.length; start += stride)
    for (let k = 0; k < rising.length; k++) lines[start + k] = (1 - (rising[k] as number)) * (lines[start + k] as number);
}

/** Adds `width` numbers of each of three lines of a strip, from `at` on, to the beginnings of three lines. */
function addPiece(strip: Float32Array, at: number, stripStride: number, lines: Float32Array, stride: number, width: number): void {
  for (let c = 0; c < 3; c++)
    for (let x = 0, to = c * stride, from = at + c * stripStride; x < width; x++, to++, from++) lines[to] = (lines[to] as number) + (strip[from] as number);
}

/** Keeps `width` numbers of each of three lines, from column `left` on, in a strip from `at` on. */
function keepPiece(lines: Float32Array, left: number, stride: number, strip: Float32Array, at: number, stripStride: number, width: number): void {
  for (let c = 0; c < 3; c++) strip.set(lines.subarray(c * stride + left, c * stride + left + width), at + c * stripStride);
}
