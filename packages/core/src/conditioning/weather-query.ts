/** View and patches -> the query that asks the prompt pool which weather is in the picture. */
import type { Graph } from '../graph/graph.ts';
import { runGraph } from '../graph/run-graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * Runs the `condition` graph once.
 * @param view    [1,3,h,w], RGB in [0,1]
 * @param patches [9,3,64,64]
 * @returns query [1,C]
 */
export function computeWeatherQuery(graph: Graph, view: Tensor<'NCHW'>, patches: Tensor<'NCHW'>, channels: number): Promise<Tensor<'NC'>> {
  return runGraph(graph, { view, patches }, 'query', 'NC', [1, channels]);
}
