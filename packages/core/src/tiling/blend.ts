/** Residuals of tiles, row by row -> finished rectangles of the residual; only the hand-overs are kept in memory. */
import { assertDims, type Tensor } from '../tensor/tensor.ts';
import type { TileAxis, TileGrid } from './tile-grid.ts';

/** A finished rectangle of the residual: planes [3,strideH,strideW], of which the first `height` rows and `width` columns count. */
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
  /** Takes the residual [1,3,H,W] of the next tile, in reading order; gives the rectangle that no later tile can change. */
  add(row: number, column: number, residual: Tensor<'NCHW'>): ResidualPatch;
};

/**
 * Window-weighted blending: across a hand-over one tile fades linearly into the other and the weights sum to 1. Where tiles agree (and
 * they do, once the overlap covers the receptive field) nothing changes. Keeps a strip of `rampPx` rows and one of `rampPx` columns.
 */
export function createResidualBlender(grid: TileGrid): ResidualBlender {
  const { rows, columns } = grid;
  const rowStrip = new Float32Array(3 * rows.rampPx * grid.width); // bottom hand-over of the tile row above, [3,ramp,width]
  let columnStrip = new Float32Array(0); // right hand-over of the tile to the left, [3,strideH,ramp]

  return {
    add(row, column, residual) {
      const patch = weighResidual(grid, row, column, residual);
      if (column > 0) addStrip(patch, columnStrip, patch.strideH, columns.rampPx, 0, columns.rampPx);
      const width = column < columns.spans.length - 1 ? patch.strideW - columns.rampPx : patch.strideW;
      if (width < patch.strideW) columnStrip = copyColumns(patch, width, columns.rampPx);

      if (row > 0) addStrip(patch, rowStrip, rows.rampPx, width, patch.left, grid.width);
      const height = row < rows.spans.length - 1 ? patch.strideH - rows.rampPx : patch.strideH;
      if (height < patch.strideH) storeRows(patch, height, rows.rampPx, width, rowStrip, grid.width);
      return { ...patch, height, width };
    },
  };
}

/** The tile's region of its residual, times the fading weights of its inner sides. */
function weighResidual(grid: TileGrid, row: number, column: number, residual: Tensor<'NCHW'>): ResidualPatch {
  const y = spanAt(grid.rows, row);
  const x = spanAt(grid.columns, column);
  const windowH = y.window.end - y.window.start;
  const windowW = x.window.end - x.window.start;
  assertDims('residual', residual, 'NCHW', [1, 3, windowH, windowW]);
  const strideH = y.region.end - y.region.start;
  const strideW = x.region.end - x.region.start;
  const weightsY = fadingWeights(strideH, grid.rows, row);
  const weightsX = fadingWeights(strideW, grid.columns, column);
  const planes = new Float32Array(3 * strideH * strideW);
  let at = 0;
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < strideH; i++) {
      const weight = weightsY[i] as number;
      let from = (c * windowH + y.region.start - y.window.start + i) * windowW + x.region.start - x.window.start;
      for (let j = 0; j < strideW; j++) planes[at++] = weight * (weightsX[j] as number) * (residual.data[from++] as number);
    }
  return { top: y.region.start, left: x.region.start, height: strideH, width: strideW, planes, strideH, strideW };
}

function spanAt(axis: TileAxis, index: number): TileAxis['spans'][number] {
  const span = axis.spans[index];
  if (span === undefined) throw new RangeError(`The grid has ${axis.spans.length} tiles on this side, there is no number ${index}.`);
  return span;
}

/** 1 inside; rising over the ramp at the start unless it is the picture's border, falling at the end likewise. */
function fadingWeights(length: number, axis: TileAxis, index: number): Float32Array {
  const weights = new Float32Array(length).fill(1);
  for (let k = 0; k < axis.rampPx; k++) {
    const rising = (k + 0.5) / axis.rampPx;
    if (index > 0) weights[k] = rising;
    if (index < axis.spans.length - 1) weights[length - axis.rampPx + k] = 1 - rising;
  }
  return weights;
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

function copyColumns(patch: ResidualPatch, left: number, width: number): Float32Array<ArrayBuffer> {
  const { planes, strideH, strideW } = patch;
  const strip = new Float32Array(3 * strideH * width);
  for (let line = 0; line < 3 * strideH; line++) strip.set(planes.subarray(line * strideW + left, line * strideW + left + width), line * width);
  return strip;
}

function storeRows(patch: ResidualPatch, top: number, height: number, width: number, strip: Float32Array, stripWidth: number): void {
  const { planes, strideH, strideW } = patch;
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * strideH + top + y) * strideW;
      strip.set(planes.subarray(from, from + width), (c * height + y) * stripWidth + patch.left);
    }
}
