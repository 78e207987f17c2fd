/** Feeds -> the one output of a graph as a tensor whose dims and numbers have been checked. */
import { RestoreError } from '../errors.ts';
import { assertDims, type Layout, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Feeds, Graph } from './graph.ts';

/**
 * @throws RestoreError `backend-failed` when the output is missing or not finite, `dims-mismatch` when its dims are not the expected
 */
export async function runGraph<L extends Layout>(
  graph: Graph,
  feeds: Feeds,
  output: string,
  layout: L,
  expected: readonly (number | 'any')[],
): Promise<Tensor<L>> {
  const value = (await graph.run(feeds))[output];
  if (value === undefined)
    throw new RestoreError('backend-failed', `The graph must give "${output}", it gives ${graph.outputNames.join(', ')}; export the model anew.`);
  assertDims(output, value, layout, expected);
  if (!allFinite(value.data))
    throw new RestoreError('backend-failed', `"${output}" has numbers that are not finite; use precision fp32 or another backend.`, {
      details: { tensor: output },
    });
  return tensor(layout, value.dims, value.data);
}

/** A sum is finite only when all its terms are: one pass without a branch. */
function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] as number;
  return Number.isFinite(sum);
}
