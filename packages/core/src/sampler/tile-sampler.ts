/** The steps of a picture in tiles: x_t in, x̂_0 out, and x_tPrev kept for the next step, in memory or, where the runtime can, on its device. */
import type { NoisePlate } from '../tensor/gaussian-noise.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ReadTileRow } from '../tiling/blend.ts';
import type { Span, TileGrid } from '../tiling/tile-grid.ts';
import { ddimRows, type TimedStep } from './ddim.ts';
import type { Denoiser } from './denoiser.ts';
import type { DeviceTiles } from './device-tiles.ts';
import { createResidualRows, noiseRows } from './residual-rows.ts';
import type { TileRun } from './tile-runs.ts';

/** Runs come in the order of `planTileRuns`. Tensors are [1,3,H,W]; one that is `undefined` is on the device. */
export type TileSampler = {
  /** Whether what this run reads is there. */
  has(run: TileRun): boolean;
  /** x_t of the tile. @param target where the numbers go, 3*H*W of them */
  cut(run: TileRun, target: Float32Array): Tensor<'NCHW'> | undefined;
  /** @param memory where x̂_0 goes, if the runtime can. @returns x̂_0, not clipped */
  predict(
    run: TileRun,
    degraded: Tensor<'NCHW'>,
    noisyResidual: Tensor<'NCHW'> | undefined,
    memory: Float32Array | undefined,
  ): Promise<Tensor<'NCHW'> | undefined>;
  /**
   * The DDIM step. What it gives is kept for the next one, if there is a next one.
   * @returns the residual of the tile after the last step, to be read before its tensors are written to again; else undefined
   * @throws RestoreError `backend-failed`, now or when it is read, if x̂_0 has numbers that are not finite
   */
  step(run: TileRun, noisyResidual: Tensor<'NCHW'> | undefined, predictedResidual: Tensor<'NCHW'> | undefined): ReadTileRow | undefined;
  /** Frees what is on a device. */
  dispose(): Promise<void>;
};

/** @param plate of the noise that sampling starts from */
export async function openTileSampler(denoiser: Denoiser, grid: TileGrid, steps: readonly TimedStep[], plate: NoisePlate): Promise<TileSampler> {
  const tiles = await denoiser.openTiles?.(grid, steps);
  return tiles === undefined ? sampleInMemory(denoiser, grid, steps, plate) : sampleOnDevice(tiles, grid, steps, plate);
}

function sampleInMemory(denoiser: Denoiser, grid: TileGrid, steps: readonly TimedStep[], plate: NoisePlate): TileSampler {
  const left = steps.slice(1).map(() => createResidualRows(grid));
  const sources = [noiseRows(plate), ...left] as const; // one for each step
  const sourceOf = ({ step }: TileRun): (typeof sources)[number] => sources[step] as (typeof sources)[number];
  return {
    has: (run) => sourceOf(run).has(windowOf(grid, run).y),
    cut: (run, target) => sourceOf(run).cut(windowOf(grid, run).y, windowOf(grid, run).x, target),
    predict: (run, degraded, noisyResidual, memory) => denoiser.predictResidual(degraded, noisyResidual as Tensor<'NCHW'>, stepOf(steps, run).timestep, memory), // cut above
    step(run, noisyResidual, predicted) {
      const residual = ddimRows(noisyResidual, predicted as Tensor<'NCHW'>, stepOf(steps, run)); // predicted above
      const next = left[run.step];
      if (next === undefined) return residual;
      next.add(run.row, run.column, residual);
      return undefined;
    },
    dispose: () => Promise.resolve(),
  };
}

/** Only noise is cut and only the last step is taken here. */
function sampleOnDevice(tiles: DeviceTiles, grid: TileGrid, steps: readonly TimedStep[], plate: NoisePlate): TileSampler {
  const noise = noiseRows(plate);
  return {
    has: () => true, // what a run reads is made on the device before it
    cut: (run, target) => (run.step === 0 ? noise.cut(windowOf(grid, run).y, windowOf(grid, run).x, target) : undefined),
    predict: (run, degraded, noisyResidual) => tiles.predictResidual(run, degraded, noisyResidual),
    step: (run, _, predicted) => predicted && ddimRows(undefined, predicted, stepOf(steps, run)),
    dispose: () => tiles.dispose(),
  };
}

function stepOf(steps: readonly TimedStep[], { step }: TileRun): TimedStep {
  return steps[step] as TimedStep; // runs are planned for these steps
}

/** What the network sees of the picture in this run. */
export function windowOf({ rows, columns }: TileGrid, { row, column }: Pick<TileRun, 'row' | 'column'>): { readonly y: Span; readonly x: Span } {
  const [y, x] = [rows.spans[row], columns.spans[column]] as [TileGrid['rows']['spans'][number], TileGrid['columns']['spans'][number]]; // runs stay within it
  return { y: y.window, x: x.window };
}
