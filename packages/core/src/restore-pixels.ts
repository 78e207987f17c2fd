/** Pixels and a condition -> restored pixels, tile by tile and step by step. No full-size float picture exists. */
import { assertPixels, createPixels, type Pixels } from './image/pixels.ts';
import { cutRgba } from './image/rgba.ts';
import type { OpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import { type Condition, createDenoiser } from './sampler/denoiser.ts';
import { computeAlphasCumprod } from './sampler/noise-schedule.ts';
import { planDdimSteps } from './sampler/sample-residual.ts';
import { subtractResidual } from './sampler/subtract-residual.ts';
import { planTileRuns, type TileRun } from './sampler/tile-runs.ts';
import { openTileSampler, windowOf } from './sampler/tile-sampler.ts';
import { createNoisePlate } from './tensor/gaussian-noise.ts';
import type { Tensor } from './tensor/tensor.ts';
import { createResidualBlender, type ResidualPatch } from './tiling/blend.ts';
import { extractTile } from './tiling/extract-tile.ts';
import { planTileGrid, type TileGrid, type TileSides } from './tiling/tile-grid.ts';

/**
 * Input pixels are not changed. An abort is noticed after the inference that is running. While one tile is with the network the one before it is
 * blended and the one after it cut.
 */
export async function restorePixels(
  degraded: Pixels,
  model: Pick<OpenModel, 'spec' | 'graphs'>,
  condition: Condition,
  tileRule: TileSides,
  options: Pick<CheckedOptions, 'strength' | 'seed' | 'steps' | 'signal'> & Partial<Pick<CheckedOptions, 'patchPixels'>>,
  deps: { readonly tell: PhaseClock['tell']; pause(): Promise<void> },
): Promise<{ readonly restored: Pixels; readonly tiles: number }> {
  assertPixels(degraded);
  const denoiser = createDenoiser(model.graphs.denoiser, condition);
  const steps = planDdimSteps(computeAlphasCumprod(model.spec.schedule), model.spec.schedule, options.steps);
  const grid = planTileGrid(padToMultiple(degraded, tileRule.multiplePx), tileRule);
  const runs = planTileRuns(grid, steps.length);
  const tiles = runs.length / steps.length;

  const blender = createResidualBlender(grid); // of the last step, whose tiles are finished in reading order
  const restored = createPixels(degraded);
  const memories = [createTileMemory(grid), createTileMemory(grid)] as const; // one is with the network while the other is filled
  const sampler = await openTileSampler(denoiser, grid, steps, createNoisePlate(options.seed));

  const cut = (run: TileRun, memory: TileMemory): TileFeeds => {
    const { y, x } = windowOf(grid, run);
    return { degraded: extractTile(degraded, y, x, memory.degraded), noisyResidual: sampler.cut(run, memory.noisyResidual) }; // [1,3,H,W]
  };
  const blend = (run: TileRun, { noisyResidual }: TileFeeds, predicted: Tensor<'NCHW'> | undefined): void => {
    const residual = sampler.step(run, noisyResidual, predicted); // [1,3,H,W]
    if (residual === undefined) return;
    const patch = clipPatch(blender.add(run.row, run.column, residual), degraded);
    subtractResidual(degraded, patch, options.strength, restored, model.spec.residualSign);
    const place = { x: patch.left, y: patch.top, width: patch.width, height: patch.height };
    if (place.width > 0 && place.height > 0) deps.tell({ type: 'patch', ...place, ...(options.patchPixels ? { rgba: cutRgba(restored, place) } : {}) });
  };
  /** Steps run ahead of one another, so progress counts inferences: `steps` of them are as much work as a tile. */
  const tellRun = (done: number): void => {
    const tile = Math.ceil(done / steps.length);
    deps.tell({ type: 'step', step: ((done - 1) % steps.length) + 1, steps: steps.length, tile, tiles });
    if (done % steps.length === 0) deps.tell({ type: 'tile', tile, tiles });
  };

  let blendLast: () => void = () => {};
  let ready: TileFeeds | undefined;
  try {
    for (const [i, run] of runs.entries()) {
      if (ready === undefined) {
        blendLast(); // this run reads it
        blendLast = () => {};
        ready = cut(run, memories[i % 2 === 0 ? 0 : 1]);
      }
      const feeds = ready;
      options.signal?.throwIfAborted();
      const prediction = sampler.predict(run, feeds.degraded, feeds.noisyResidual); // [1,3,H,W]
      prediction.catch(() => {}); // thrown below, where it is awaited, unless what runs beside it throws first
      blendLast();
      const next = runs[i + 1];
      ready = next !== undefined && sampler.has(next) ? cut(next, memories[i % 2 === 0 ? 1 : 0]) : undefined;
      const predicted = await prediction;
      options.signal?.throwIfAborted();
      tellRun(i + 1);
      await deps.pause();
      blendLast = () => blend(run, feeds, predicted);
    }
    blendLast();
  } finally {
    await sampler.dispose();
  }
  return { restored, tiles };
}

/** What the network takes of a tile, [1,3,H,W] each; x_t may be on the device. */
type TileFeeds = { readonly degraded: Tensor<'NCHW'>; readonly noisyResidual: Tensor<'NCHW'> | undefined };

/** Room for the feeds of one tile: all tiles of a grid have the same size. */
type TileMemory = { readonly degraded: Float32Array; readonly noisyResidual: Float32Array };

function createTileMemory(grid: TileGrid): TileMemory {
  const { y, x } = windowOf(grid, { row: 0, column: 0 });
  const length = 3 * (y.end - y.start) * (x.end - x.start);
  return { degraded: new Float32Array(length), noisyResidual: new Float32Array(length) };
}

/** The grid covers the padding too: later steps read there what earlier ones left. */
function padToMultiple({ height, width }: Pixels, multiplePx: number): { readonly height: number; readonly width: number } {
  const padded = (side: number): number => Math.ceil(side / multiplePx) * multiplePx;
  return { height: padded(height), width: padded(width) };
}

function clipPatch(patch: ResidualPatch, { height, width }: Pixels): ResidualPatch {
  return { ...patch, height: Math.min(patch.height, height - patch.top), width: Math.min(patch.width, width - patch.left) };
}
