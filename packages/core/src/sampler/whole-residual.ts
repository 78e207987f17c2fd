/** A residual over the whole picture, kept whole: rectangles in, windows out, in any order. 12 bytes a pixel. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ResidualPatch } from '../tiling/blend.ts';
import type { Span } from '../tiling/tile-grid.ts';

export type WholeResidual = {
  /** Takes a finished rectangle. */
  store(patch: ResidualPatch): void;
  /** @returns [1,3,rows,columns] */
  cut(rows: Span, columns: Span): Tensor<'NCHW'>;
};

/** Zero until it is stored. */
export function createWholeResidual({ height, width }: { readonly height: number; readonly width: number }): WholeResidual {
  const planes = new Float32Array(3 * height * width);
  return {
    store(patch) {
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < patch.height; y++) {
          const from = (c * patch.strideH + y) * patch.strideW;
          planes.set(patch.planes.subarray(from, from + patch.width), (c * height + patch.top + y) * width + patch.left);
        }
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
