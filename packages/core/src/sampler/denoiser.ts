/** The opaque denoiser f(y, x_t, t, prompts) -> x̂_0: one graph, or several behind the same face. The sampler never knows. */
import type { Feeds, Graph } from '../graph/graph.ts';
import { runGraphUnread } from '../graph/run-graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { TileGrid } from '../tiling/tile-grid.ts';
import type { TimedStep } from './ddim.ts';
import { type DeviceTiles, openDeviceTiles } from './device-tiles.ts';

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
   * @param memory        where x̂_0 goes, if the runtime can
   * @returns x̂_0, the estimate of the clean residual `degraded - clean`, same dims, not clipped; who reads it looks whether it is finite (`ddimStep`)
   */
  predictResidual(degraded: Tensor<'NCHW'>, noisyResidual: Tensor<'NCHW'>, timestep: number, memory?: Float32Array): Promise<Tensor<'NCHW'>>;
  /**
   * Only where the runtime keeps tensors on a device of its own: all runs of a picture, with what lies between the steps left there.
   * @returns undefined where the device has no room
   */
  openTiles?(grid: TileGrid, steps: readonly TimedStep[]): Promise<DeviceTiles | undefined>;
};

/** The `denoiser` graph under a condition. */
export function createDenoiser(graph: Graph, { weatherPrompts, depthPrompts }: Condition): Denoiser {
  const prompts: Feeds = { weather_prompts: weatherPrompts, depth_prompts: depthPrompts };
  return {
    predictResidual: (degraded, noisyResidual, timestep, memory) =>
      runGraphUnread(graph, { degraded, noisy_residual: noisyResidual, ...timestepFeed(timestep), ...prompts }, 'residual', 'NCHW', degraded.dims, memory),
    ...(canChain(graph) ? { openTiles: (grid, steps) => openDeviceTiles(graph, prompts, grid, steps) } : {}),
  };
}

function canChain(graph: Graph): graph is Graph & Required<Pick<Graph, 'openChain'>> {
  return graph.openChain !== undefined;
}

function timestepFeed(timestep: number): { readonly timestep: Tensor<'N'> } {
  return { timestep: tensor('N', [1], Float32Array.of(timestep)) };
}
