/** A residual over the whole picture, kept whole: rows in, windows out, in any order. 12 bytes a pixel. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ResidualRow } from '../tiling/blend.ts';
import type { Span } from '../tiling/tile-grid.ts';

export type WholeResidual = {
  /** Takes a finished row. */
  store(row: ResidualRow): void;
  /** @returns [1,3,rows,columns] */
  cut(rows: Span, columns: Span): Tensor<'NCHW'>;
};

/** Zero until it is stored. */
export function createWholeResidual({ height, width }: { readonly height: number; readonly width: number }): WholeResidual {
  const planes = new Float32Array(3 * height * width);
  return {
    store({ y, left, lines, stride, ...row }) {
      for (let c = 0; c < 3; c++) planes.set(lines.subarray(c * stride, c * stride + row.width), (c * height + y) * width + left);
    },
    cut(rows, columns) {
      const [h, w] = [rows.end - rows.start, columns.end - columns.start];
      const window = new Float32Array(3 * h * w);
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < h; y++) {
          const from = (c * height + rows.start + y) * width + columns.start;
          window.set(planes.subarray(from, from + w), (c * h + y) * w);
        }
      return tensor('NCHW', [1, 3, h, w], window);
    },
  };
}
