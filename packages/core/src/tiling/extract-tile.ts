/** A window over a picture -> the tile the network sees, [1,3,H,W]; what lies past the picture is reflected. */
import { gatherPlanes } from '../image/convert.ts';
import type { Pixels } from '../image/pixels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Span } from './tile-grid.ts';

/** @returns [1,3,rows,columns], RGB in [0,1] */
export function extractTile(pixels: Pixels, rows: Span, columns: Span): Tensor<'NCHW'> {
  return gatherPlanes(pixels, reflectedIndices(rows, pixels.height), reflectedIndices(columns, pixels.width));
}

/** Reflection without repeating the border, clamped to what there is: a side of 3 reads 0 1 2 1 0 0 0. */
function reflectedIndices(span: Span, side: number): Int32Array {
  return Int32Array.from({ length: span.end - span.start }, (_, k) => {
    const index = span.start + k;
    return index < side ? index : Math.max(0, 2 * (side - 1) - index);
  });
}
