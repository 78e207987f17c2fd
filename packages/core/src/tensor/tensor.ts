/** A tensor of float32: data, dims and a layout tag, and the check that dims are what they must be. */
import { RestoreError } from '../errors.ts';

/** Axis letters in the order of the dims: N batch, C channels, H rows, W columns, K tokens, P sub-prompts, L tokens of a sub-prompt, A weathers. */
export type Layout = 'N' | 'NC' | 'NCHW' | 'NKC' | 'PC' | 'PLC' | 'PA';

/** Row-major float32 numbers. `dims` name the axes of `layout`, in the same order. */
export type Tensor<L extends Layout = Layout> = {
  readonly layout: L;
  readonly dims: readonly number[];
  readonly data: Float32Array;
};

/**
 * Data and dims -> a tensor.
 * @throws RestoreError `dims-mismatch` when the dims do not multiply to the data's length, or are not one per axis
 */
export function tensor<L extends Layout>(layout: L, dims: readonly number[], data: Float32Array): Tensor<L> {
  const size = dims.reduce((product, d) => product * d, 1);
  if (dims.length !== layout.length || size !== data.length || !dims.every((d) => Number.isInteger(d) && d > 0))
    throw new RestoreError(
      'dims-mismatch',
      `A tensor ${layout} needs ${layout.length} dims that multiply to its ${data.length} numbers, got [${dims.join(',')}].`,
    );
  return { layout, dims, data };
}

/**
 * Refuses a tensor whose dims differ from the expected; `'any'` lets an axis be free.
 * @throws RestoreError `dims-mismatch`: what was expected, by axis, and what came
 */
export function assertDims(name: string, value: { readonly dims: readonly number[] }, layout: Layout, expected: readonly (number | 'any')[]): void {
  const right = value.dims.length === expected.length && expected.every((e, axis) => e === 'any' || e === value.dims[axis]);
  if (right) return;
  const wanted = expected.map((e, axis) => (e === 'any' ? layout[axis] : e)).join(',');
  throw new RestoreError('dims-mismatch', `${name} must be [${wanted}] (${[...layout].join(',')}), got [${value.dims.join(',')}].`, {
    details: { tensor: name, got: value.dims },
  });
}
