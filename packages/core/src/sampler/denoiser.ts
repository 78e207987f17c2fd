/** The opaque denoiser f(y, x_t, t, prompts) -> x̂_0: one graph, or several behind the same face. The sampler never knows. */
import type { Feeds, Graph } from '../graph/graph.ts';
import { runGraph, runGraphChain } from '../graph/run-graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { ddimScales, type TimedStep } from './ddim.ts';

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
  /**
   * Only where the runtime keeps tensors on its device: all steps in a row, with the DDIM updates between them computed there. Of use where nothing
   * else takes part in a step, that is with one tile.
   * @param onStep awaited after every step, counted from 1; what it throws stops the chain
   * @returns x̂_0 of the last step
   */
  predictAlong?(
    degraded: Tensor<'NCHW'>,
    noisyResidual: Tensor<'NCHW'>,
    steps: readonly TimedStep[],
    onStep: (done: number) => Promise<void>,
  ): Promise<Tensor<'NCHW'>>;
};

/** The `denoiser` graph under a condition. */
export function createDenoiser(graph: Graph, { weatherPrompts, depthPrompts }: Condition): Denoiser {
  const feedsOf = (degraded: Tensor<'NCHW'>, noisyResidual: Tensor<'NCHW'>, timestep: number): Feeds => ({
    degraded,
    noisy_residual: noisyResidual,
    ...timestepFeed(timestep),
    weather_prompts: weatherPrompts,
    depth_prompts: depthPrompts,
  });
  return {
    predictResidual: (degraded, noisyResidual, timestep) => runGraph(graph, feedsOf(degraded, noisyResidual, timestep), 'residual', 'NCHW', degraded.dims),
    ...(canChain(graph) ? { predictAlong: chainSteps(graph, feedsOf) } : {}),
  };
}

type ChainingGraph = Graph & Required<Pick<Graph, 'runChain'>>;

function canChain(graph: Graph): graph is ChainingGraph {
  return graph.runChain !== undefined;
}

function chainSteps(graph: ChainingGraph, feedsOf: (...tile: Parameters<Denoiser['predictResidual']>) => Feeds): NonNullable<Denoiser['predictAlong']> {
  return (degraded, noisyResidual, steps, onStep) => {
    const [first, ...others] = steps as readonly [TimedStep, ...TimedStep[]]; // a plan has at least one step
    const links = others.map(({ timestep }, k) => {
      const before = steps[k] as TimedStep; // the step that leads to this one
      const { signalScale, noiseScale, predictedScale } = ddimScales(before);
      return { stateScale: noiseScale, outputScale: -predictedScale, clippedScale: signalScale, clip: before.clip, feeds: timestepFeed(timestep) };
    });
    const chain = { state: 'noisy_residual', output: 'residual', links, onRun: onStep };
    return runGraphChain(graph, feedsOf(degraded, noisyResidual, first.timestep), chain, 'NCHW', degraded.dims);
  };
}

function timestepFeed(timestep: number): { readonly timestep: Tensor<'N'> } {
  return { timestep: tensor('N', [1], Float32Array.of(timestep)) };
}
