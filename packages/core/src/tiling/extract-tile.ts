/** A window over a picture -> the tile the network sees, [1,3,H,W]; what lies past the picture is reflected. */
import { writePlanes } from '../image/convert.ts';
import type { Pixels } from '../image/pixels.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Span } from './tile-grid.ts';

/**
 * @param target where the numbers go, 3 * rows * columns of them. @default new memory
 * @returns [1,3,rows,columns], RGB in [0,1]
 */
export function extractTile(pixels: Pixels, rows: Span, columns: Span, target?: Float32Array): Tensor<'NCHW'> {
  const height = rows.end - rows.start;
  const width = columns.end - columns.start;
  const tile = tensor('NCHW', [1, 3, height, width], target ?? new Float32Array(3 * height * width));
  writePlanes(pixels, reflectedIndices(rows, pixels.height), reflectedIndices(columns, pixels.width), tile.data);
  return tile;
}

/** Reflection without repeating the border, clamped to what there is: a side of 3 reads 0 1 2 1 0 0 0. */
function reflectedIndices(span: Span, side: number): Int32Array {
  return Int32Array.from({ length: span.end - span.start }, (_, k) => {
    const index = span.start + k;
    return index < side ? index : Math.max(0, 2 * (side - 1) - index);
  });
}
