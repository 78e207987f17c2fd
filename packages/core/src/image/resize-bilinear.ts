/** Rows of a picture -> a smaller (or larger) picture by bilinear resize with half-pixel centres, as floats; no full-size float picture exists. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { writePlanes } from './convert.ts';
import type { Pixels } from './pixels.ts';

type Size = { readonly height: number; readonly width: number };

/** RGB rows of a picture, read from the top down. */
export type RowSource = Size & {
  /** Writes row `y` as planes [3,width] into `row`. */
  read(y: number, row: Float32Array): void;
};

/** Alpha is left out; grey is repeated in R, G and B. Values in [0,1]. */
export function rowsOfPixels(pixels: Pixels): RowSource {
  const columns = Int32Array.from({ length: pixels.width }, (_, x) => x);
  return { height: pixels.height, width: pixels.width, read: (y, row) => writePlanes(pixels, Int32Array.of(y), columns, row) };
}

/**
 * Output sample i lies at (i + 0.5) * in / out - 0.5 of the input, and takes its two neighbours by their nearness; past the border its last
 * sample counts. With `antialias` the triangle of weights is widened by in / out where a side shrinks, and its weights sum to 1. Separable;
 * the same as PyTorch's `interpolate(mode="bilinear", align_corners=False)`.
 * @returns [1,3,height,width]
 */
export function resizeBilinear(source: RowSource, size: Size, { antialias }: { readonly antialias: boolean }): Tensor<'NCHW'> {
  const rows = planTaps(source.height, size.height, antialias);
  const columns = planTaps(source.width, size.width, antialias);
  const planes = new Float64Array(3 * size.height * size.width);
  const input = new Float32Array(3 * source.width);
  const line = new Float64Array(3 * size.width);

  let firstOpen = 0; // the first output row that input rows from here on can still reach
  for (let y = (rows[0] as Taps).first; y < source.height && firstOpen < size.height; y++) {
    source.read(y, input);
    resizeLine(input, source.width, columns, line);
    while (firstOpen < size.height && lastOf(rows[firstOpen] as Taps) < y) firstOpen++;
    for (let i = firstOpen; i < size.height && (rows[i] as Taps).first <= y; i++) {
      const { first, weights } = rows[i] as Taps;
      const weight = weights[y - first] as number;
      for (let c = 0; c < 3; c++) {
        const [to, from] = [(c * size.height + i) * size.width, c * size.width];
        for (let x = 0; x < size.width; x++) planes[to + x] = (planes[to + x] as number) + weight * (line[from + x] as number);
      }
    }
  }
  return tensor('NCHW', [1, 3, size.height, size.width], Float32Array.from(planes));
}

/** The input samples of one output sample: `weights.length` of them from `first` on. */
type Taps = { readonly first: number; readonly weights: Float64Array };

function lastOf({ first, weights }: Taps): number {
  return first + weights.length - 1;
}

function planTaps(input: number, output: number, antialias: boolean): readonly Taps[] {
  const scale = input / output;
  const reach = antialias ? Math.max(1, scale) : 1;
  return Array.from({ length: output }, (_, i) => {
    // Without antialias the centre is clamped, so that the border counts past itself; with it, what lies past the border has no weight.
    const centre = antialias ? (i + 0.5) * scale - 0.5 : Math.max(0, (i + 0.5) * scale - 0.5);
    const first = Math.max(0, Math.floor(centre - reach) + 1);
    const last = Math.min(input - 1, Math.ceil(centre + reach) - 1);
    const near = Float64Array.from({ length: last - first + 1 }, (__, k) => 1 - Math.abs(first + k - centre) / reach);
    const sum = near.reduce((total, weight) => total + weight, 0);
    return { first, weights: near.map((weight) => weight / sum) };
  });
}

/** One input row [3,width] -> the output's columns of it [3,columns]. */
function resizeLine(input: Float32Array, width: number, columns: readonly Taps[], line: Float64Array): void {
  for (let c = 0; c < 3; c++)
    for (const [x, { first, weights }] of columns.entries()) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += (weights[k] as number) * (input[c * width + first + k] as number);
      line[c * columns.length + x] = sum;
    }
}
