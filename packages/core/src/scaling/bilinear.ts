/** Places of a larger grid -> the neighbours they lie between in a smaller one, with half-pixel centres; and rows mixed from two. */
import type { Span } from '../tiling/tile-grid.ts';
import type { LinearResidual } from './linear-residual.ts';

/** For each output place the two inputs it lies between, and the share of the second. */
export type Neighbours = { readonly before: Int32Array; readonly after: Int32Array; readonly share: Float64Array };

/** @param places of the output, of which there are `output` in all; the input has `input` */
export function planNeighbours(places: Span, output: number, input: number): Neighbours {
  const length = places.end - places.start;
  const plan = { before: new Int32Array(length), after: new Int32Array(length), share: new Float64Array(length) };
  for (let k = 0; k < length; k++) {
    const place = Math.min(input - 1, Math.max(0, ((places.start + k + 0.5) * input) / output - 0.5));
    const before = Math.floor(place);
    plan.before[k] = before;
    plan.after[k] = Math.min(input - 1, before + 1);
    plan.share[k] = place - before;
  }
  return plan;
}

/** Two rows of lines -> the row between them. */
export function mixRows(
  fit: LinearResidual,
  before: number,
  after: number,
  share: number,
  line: { readonly slopes: Float64Array; readonly offsets: Float64Array },
): void {
  const length = line.slopes.length;
  const [a, b] = [before * length, after * length];
  for (let i = 0; i < length; i++) {
    const [slope, offset] = [fit.slopes[a + i] as number, fit.offsets[a + i] as number];
    line.slopes[i] = slope + share * ((fit.slopes[b + i] as number) - slope);
    line.offsets[i] = offset + share * ((fit.offsets[b + i] as number) - offset);
  }
}

/** The value between two places of a row. */
export function mixColumns(values: Float64Array, before: number, after: number, share: number): number {
  const value = values[before] as number;
  return value + share * ((values[after] as number) - value);
}
