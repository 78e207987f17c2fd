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
 * The same without a look at the numbers, for a reader that comes to each of them anyway and throws `notFinite`.
 * @param memory where the output goes, if the runtime can
 * @throws RestoreError as `checkShape`
 */
export async function runGraphUnread<L extends Layout>(
  graph: Graph,
  feeds: Feeds,
  output: string,
  layout: L,
  dims: readonly number[],
  memory?: Float32Array,
): Promise<Tensor<L>> {
  const values = await graph.run(feeds, memory && { [output]: tensor(layout, dims, memory) });
  return checkShape(graph, output, values[output], layout, dims);
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
  const checked = Object.entries(rules).map(([output, rule]) => [output, checkOutput(graph, output, values[output], rule)]);
  return Object.fromEntries(checked) as { readonly [K in keyof R]: Tensor<R[K]['layout']> }; // one entry per rule
}

type OutputValue = { readonly dims: readonly number[]; readonly data: Float32Array };

function checkOutput<L extends Layout>(graph: Graph, output: string, value: OutputValue | undefined, { layout, dims }: OutputRule<L>): Tensor<L> {
  const checked = checkShape(graph, output, value, layout, dims);
  if (!allFinite(checked.data)) throw notFinite(output);
  return checked;
}

/**
 * One output with the dims it must have; its numbers are not looked at. `graph` is who gave it.
 * @throws RestoreError `backend-failed` when the output is missing, `dims-mismatch`
 */
export function checkShape<L extends Layout>(
  graph: Pick<Graph, 'outputNames'>,
  output: string,
  value: OutputValue | undefined,
  layout: L,
  expected: OutputRule['dims'],
): Tensor<L> {
  if (value === undefined)
    throw new RestoreError('backend-failed', `The graph must give "${output}", it gives ${graph.outputNames.join(', ')}; export the model anew.`);
  assertDims(output, value, layout, expected);
  return tensor(layout, value.dims, value.data);
}

/** What is thrown where an output has a number that is not finite. */
export function notFinite(output: string): RestoreError {
  return new RestoreError('backend-failed', `"${output}" has numbers that are not finite; use precision fp32 or another backend.`, {
    details: { tensor: output },
  });
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
