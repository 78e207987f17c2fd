/** Feeds -> outputs of a graph as tensors whose dims and numbers have been checked. */
import { RestoreError } from '../errors.ts';
import { assertDims, type Layout, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Feeds, Graph } from './graph.ts';

/** What an output must be; `'any'` lets an axis be free. */
export type OutputRule<L extends Layout = Layout> = { readonly layout: L; readonly dims: readonly (number | 'any')[] };

/** @throws RestoreError as `runGraphOutputs` */
export async function runGraph<L extends Layout>(graph: Graph, feeds: Feeds, output: string, layout: L, dims: OutputRule['dims']): Promise<Tensor<L>> {
  return (await runGraphOutputs(graph, feeds, { [output]: { layout, dims } }))[output] as Tensor<L>; // it has this one output
}

/**
 * The outputs named in `rules`, by their names.
 * @throws RestoreError `backend-failed` when an output is missing or not finite, `dims-mismatch` when its dims are not the expected
 */
export async function runGraphOutputs<R extends Readonly<Record<string, OutputRule>>>(
  graph: Graph,
  feeds: Feeds,
  rules: R,
): Promise<{ readonly [K in keyof R]: Tensor<R[K]['layout']> }> {
  const values = await graph.run(feeds);
  const checked = Object.entries(rules).map(([output, { layout, dims }]) => [output, checkOutput(graph, output, values[output], layout, dims)]);
  return Object.fromEntries(checked) as { readonly [K in keyof R]: Tensor<R[K]['layout']> }; // one entry per rule
}

/**
 * One output, checked. `graph` is who gave it.
 * @throws RestoreError as `runGraphOutputs`
 */
export function checkOutput<L extends Layout>(
  graph: Pick<Graph, 'outputNames'>,
  output: string,
  value: { readonly dims: readonly number[]; readonly data: Float32Array } | undefined,
  layout: L,
  expected: OutputRule['dims'],
): Tensor<L> {
  if (value === undefined)
    throw new RestoreError('backend-failed', `The graph must give "${output}", it gives ${graph.outputNames.join(', ')}; export the model anew.`);
  assertDims(output, value, layout, expected);
  if (!allFinite(value.data))
    throw new RestoreError('backend-failed', `"${output}" has numbers that are not finite; use precision fp32 or another backend.`, {
      details: { tensor: output },
    });
  return tensor(layout, value.dims, value.data);
}

/** A sum is finite only when all its terms are: one pass without a branch, and four sums, so that no addition waits for the one before it. */
function allFinite(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += data[i] as number;
    b += data[i + 1] as number;
    c += data[i + 2] as number;
    d += data[i + 3] as number;
  }
  for (let i = whole; i < data.length; i++) a += data[i] as number;
  return Number.isFinite(a + b + c + d);
}
