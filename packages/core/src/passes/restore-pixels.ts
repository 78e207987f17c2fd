/** Pixels and a condition -> restored pixels, tile by tile and step by step. No full-size float picture exists. */
import { assertPixels, createPixels, type Pixels } from '../image/pixels.ts';
import { cutRgba } from '../image/rgba.ts';
import type { OpenModel } from '../open-model.ts';
import type { CheckedOptions } from '../options.ts';
import type { PhaseClock } from '../progress-clock.ts';
import { type Condition, createDenoiser } from '../sampler/denoiser.ts';
import { computeAlphasCumprod } from '../sampler/noise-schedule.ts';
import { planDdimSteps } from '../sampler/sample-residual.ts';
import { subtractResidual } from '../sampler/subtract-residual.ts';
import { takeTileMemories, type TileMemory } from '../sampler/tile-memory.ts';
import { planTileRuns, type TileRun } from '../sampler/tile-runs.ts';
import { openTileSampler, windowOf } from '../sampler/tile-sampler.ts';
import { createNoisePlate } from '../tensor/gaussian-noise.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { createResidualBlender, type Rectangle } from '../tiling/blend.ts';
import { extractTile } from '../tiling/extract-tile.ts';
import { planTileGrid, type TileSides } from '../tiling/tile-grid.ts';

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
  const memory = takeTileMemories(grid, model.graphs.denoiser.memory);
  const sampler = await openTileSampler(denoiser, grid, steps, createNoisePlate(options.seed));

  const cut = (run: TileRun, memory: TileMemory): TileFeeds => {
    const { y, x } = windowOf(grid, run);
    return { degraded: extractTile(degraded, y, x, memory.degraded), noisyResidual: sampler.cut(run, memory.noisyResidual), memory }; // [1,3,H,W]
  };
  const blend = (run: TileRun, { noisyResidual }: TileFeeds, predicted: Tensor<'NCHW'> | undefined): void => {
    const residual = sampler.step(run, noisyResidual, predicted);
    if (residual === undefined) return;
    const finished = blender.add(run.row, run.column, residual, (row) => subtractResidual(degraded, row, options.strength, restored, model.spec.residualSign));
    const place = placeWithin(degraded, finished);
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
  let inference: Promise<unknown> = Promise.resolve();
  try {
    for (const [i, run] of runs.entries()) {
      if (ready === undefined) {
        blendLast(); // this run reads it
        blendLast = () => {};
        ready = cut(run, memory.ofRun(i));
      }
      const feeds = ready;
      options.signal?.throwIfAborted();
      const prediction = sampler.predict(run, feeds.degraded, feeds.noisyResidual, feeds.memory.predicted); // [1,3,H,W]
      inference = prediction.catch(() => {}); // thrown below, where it is awaited, unless what runs beside it throws first
      blendLast();
      const next = runs[i + 1];
      ready = next !== undefined && sampler.has(next) ? cut(next, memory.ofRun(i + 1)) : undefined;
      const predicted = await prediction;
      options.signal?.throwIfAborted();
      tellRun(i + 1);
      await deps.pause();
      blendLast = () => blend(run, feeds, predicted);
    }
    blendLast();
  } finally {
    inference.then(memory.giveBack); // the last one is still running where something else has thrown
    await sampler.dispose();
  }
  return { restored, tiles };
}

/** How many tiles such a picture is restored in. */
export function countTiles(size: { readonly height: number; readonly width: number }, tileRule: TileSides): number {
  const grid = planTileGrid(padToMultiple(size, tileRule.multiplePx), tileRule);
  return grid.rows.spans.length * grid.columns.spans.length;
}

/** What the network takes of a tile, [1,3,H,W] each; x_t may be on the device. */
type TileFeeds = { readonly degraded: Tensor<'NCHW'>; readonly noisyResidual: Tensor<'NCHW'> | undefined; readonly memory: TileMemory };

/** The grid covers the padding too: later steps read there what earlier ones left. */
function padToMultiple(
  { height, width }: { readonly height: number; readonly width: number },
  multiplePx: number,
): { readonly height: number; readonly width: number } {
  const padded = (side: number): number => Math.ceil(side / multiplePx) * multiplePx;
  return { height: padded(height), width: padded(width) };
}

/** A rectangle of the padded picture -> what of it lies in the picture itself. */
function placeWithin(
  { height, width }: Pixels,
  rectangle: Rectangle,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  const { top, left } = rectangle;
  return { x: left, y: top, width: Math.min(rectangle.width, width - left), height: Math.min(rectangle.height, height - top) };
}
