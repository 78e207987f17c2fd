/** Residuals of tiles, row by row -> finished rectangles of the residual; only the hand-overs are kept in memory. */
import { assertDims, type Tensor } from '../tensor/tensor.ts';
import type { TileAxis, TileGrid, TileSpan } from './tile-grid.ts';

/** A finished rectangle of the residual: the top left `height` x `width` of planes whose rows are `strideW` and whose channels `strideH` rows apart. */
export type ResidualPatch = {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly planes: Float32Array;
  readonly strideH: number;
  readonly strideW: number;
};

export type ResidualBlender = {
  /**
   * Takes the residual [1,3,H,W] of the next tile, in reading order; gives the rectangle that no later tile can change. The numbers are blended where
   * they stand: the residual is the blender's from now on, and the rectangle is a part of it.
   */
  add(row: number, column: number, residual: Tensor<'NCHW'>): ResidualPatch;
};

/**
 * Window-weighted blending: across a hand-over one tile fades linearly into the other and the weights sum to 1. Where tiles agree (and
 * they do, once the overlap covers the receptive field) nothing changes. Keeps a strip of `rampPx` rows and one of `rampPx` columns.
 */
export function createResidualBlender(grid: TileGrid): ResidualBlender {
  const { rows, columns } = grid;
  const rowStrip = new Float32Array(3 * rows.rampPx * grid.width); // bottom hand-over of the tile row above, [3,ramp,width]
  const longest = Math.max(...rows.spans.map(({ region }) => region.end - region.start));
  const columnStrip = new Float32Array(3 * longest * columns.rampPx); // right hand-over of the tile to the left, [3,regionH,ramp]

  return {
    add(row, column, residual) {
      const region = cutRegion(spanAt(rows, row), spanAt(columns, column), residual);
      fadeRows(region, rows, row);
      fadeColumns(region, columns, column);
      if (column > 0) addStrip(region, columnStrip, region.height, columns.rampPx, 0, columns.rampPx);
      const width = column < columns.spans.length - 1 ? region.width - columns.rampPx : region.width;
      if (width < region.width) storeColumns(region, width, columns.rampPx, columnStrip);

      if (row > 0) addStrip(region, rowStrip, rows.rampPx, width, region.left, grid.width);
      const height = row < rows.spans.length - 1 ? region.height - rows.rampPx : region.height;
      if (height < region.height) storeRows(region, height, rows.rampPx, width, rowStrip, grid.width);
      return { ...region, height, width };
    },
  };
}

function spanAt(axis: TileAxis, index: number): TileSpan {
  const span = axis.spans[index];
  if (span === undefined) throw new RangeError(`The grid has ${axis.spans.length} tiles on this side, there is no number ${index}.`);
  return span;
}

/** The tile's region within the residual of its window. */
function cutRegion(y: TileSpan, x: TileSpan, residual: Tensor<'NCHW'>): ResidualPatch {
  const strideH = y.window.end - y.window.start;
  const strideW = x.window.end - x.window.start;
  assertDims('residual', residual, 'NCHW', [1, 3, strideH, strideW]);
  const planes = residual.data.subarray((y.region.start - y.window.start) * strideW + x.region.start - x.window.start);
  const height = y.region.end - y.region.start;
  const width = x.region.end - x.region.start;
  return { top: y.region.start, left: x.region.start, height, width, planes, strideH, strideW };
}

/** Weight of a tile at place `k` of the hand-over to the next one is 1 - this; that of the next one is this. */
function risingWeight(k: number, rampPx: number): number {
  return (k + 0.5) / rampPx;
}

/** Weighs the inner hand-overs at the top and at the bottom. */
function fadeRows({ planes, height, width, strideH, strideW }: ResidualPatch, { rampPx, spans }: TileAxis, row: number): void {
  const scale = (y: number, weight: number): void => {
    for (let c = 0; c < 3; c++) {
      const start = (c * strideH + y) * strideW;
      for (let at = start; at < start + width; at++) planes[at] = weight * (planes[at] as number);
    }
  };
  for (let k = 0; k < rampPx; k++) {
    if (row > 0) scale(k, risingWeight(k, rampPx));
    if (row < spans.length - 1) scale(height - rampPx + k, 1 - risingWeight(k, rampPx));
  }
}

/** Weighs the inner hand-overs at the left and at the right. */
function fadeColumns({ planes, height, width, strideH, strideW }: ResidualPatch, { rampPx, spans }: TileAxis, column: number): void {
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const left = (c * strideH + y) * strideW;
      const right = left + width - rampPx;
      for (let k = 0; k < rampPx; k++) {
        const rising = risingWeight(k, rampPx);
        if (column > 0) planes[left + k] = rising * (planes[left + k] as number);
        if (column < spans.length - 1) planes[right + k] = (1 - rising) * (planes[right + k] as number);
      }
    }
}

/** Adds a strip [3,height,stripWidth], from its column `stripLeft` on, to the top left `height` x `width` of a patch. */
function addStrip(patch: ResidualPatch, strip: Float32Array, height: number, width: number, stripLeft: number, stripWidth: number): void {
  const { planes, strideH, strideW } = patch;
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      let to = (c * strideH + y) * strideW;
      let from = (c * height + y) * stripWidth + stripLeft;
      for (let x = 0; x < width; x++, to++, from++) planes[to] = (planes[to] as number) + (strip[from] as number);
    }
}

function storeColumns(patch: ResidualPatch, left: number, width: number, strip: Float32Array): void {
  const { planes, height, strideH, strideW } = patch;
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * strideH + y) * strideW + left;
      strip.set(planes.subarray(from, from + width), (c * height + y) * width);
    }
}

function storeRows(patch: ResidualPatch, top: number, height: number, width: number, strip: Float32Array, stripWidth: number): void {
  const { planes, strideH, strideW } = patch;
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * strideH + top + y) * strideW;
      strip.set(planes.subarray(from, from + width), (c * height + y) * stripWidth + patch.left);
    }
}
