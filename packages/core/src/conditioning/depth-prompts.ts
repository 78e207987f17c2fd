/** View -> depth tokens -> depth prompts: what scene it is, by its depth, in words the denoiser understands. */
import type { Graph } from '../graph/graph.ts';
import { runGraph } from '../graph/run-graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Runs the `depth` graph. @returns depth tokens [1,N,Cd], N = h/16 * w/16 for a view [1,3,h,w] */
export function computeDepthTokens(graph: Graph, view: Tensor<'NCHW'>): Promise<Tensor<'NKC'>> {
  return runGraph(graph, { view }, 'depth_tokens', 'NKC', [1, 'any', 'any']);
}

/** Runs the `general-prompts` graph: general prompts attend to the depth tokens. @returns depth prompts [1,G,C] */
export function computeDepthPrompts(graph: Graph, depthTokens: Tensor<'NKC'>, channels: number): Promise<Tensor<'NKC'>> {
  return runGraph(graph, { depth_tokens: depthTokens }, 'depth_prompts', 'NKC', [1, 'any', channels]);
}
