/** The opaque denoiser f(y, x_t, t, prompts) -> x̂_0: one graph, or several behind the same face. The sampler never knows. */
import type { Graph } from '../graph/graph.ts';
import { runGraph } from '../graph/run-graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** What the whole picture says about every tile of it. */
export type Condition = {
  /** [1,kL,C] */
  readonly weatherPrompts: Tensor<'NKC'>;
  /** [1,G,C] */
  readonly depthPrompts: Tensor<'NKC'>;
};

export type Denoiser = {
  /**
   * @param degraded      y, [1,3,H,W], RGB in [0,1]
   * @param noisyResidual x_t, same dims
   * @param timestep      t of the training schedule
   * @returns x̂_0, the estimate of the clean residual `degraded - clean`, same dims, not clipped
   */
  predictResidual(degraded: Tensor<'NCHW'>, noisyResidual: Tensor<'NCHW'>, timestep: number): Promise<Tensor<'NCHW'>>;
};

/** The `denoiser` graph under a condition. */
export function createDenoiser(graph: Graph, { weatherPrompts, depthPrompts }: Condition): Denoiser {
  return {
    predictResidual: (degraded, noisyResidual, timestep) =>
      runGraph(
        graph,
        {
          degraded,
          noisy_residual: noisyResidual,
          timestep: tensor('N', [1], Float32Array.of(timestep)),
          weather_prompts: weatherPrompts,
          depth_prompts: depthPrompts,
        },
        'residual',
        'NCHW',
        degraded.dims,
      ),
  };
}
