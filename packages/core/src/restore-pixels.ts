/** Pixels and a condition -> restored pixels, tile by tile and step by step. No full-size float picture exists. */
import { assertPixels, createPixels, type Pixels } from './image/pixels.ts';
import { cutRgba } from './image/rgba.ts';
import type { OpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import { ddimStep } from './sampler/ddim.ts';
import { type Condition, createDenoiser } from './sampler/denoiser.ts';
import { computeAlphasCumprod } from './sampler/noise-schedule.ts';
import { createResidualRows, noiseRows } from './sampler/residual-rows.ts';
import { planDdimSteps } from './sampler/sample-residual.ts';
import { subtractResidual } from './sampler/subtract-residual.ts';
import { planTileRuns, type TileRun } from './sampler/tile-runs.ts';
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

  // Each step reads what the one before it left; the last one's tiles are finished in reading order.
  const left = steps.slice(1).map(() => createResidualRows(grid));
  const sources = [noiseRows(createNoisePlate(options.seed)), ...left];
  const blender = createResidualBlender(grid);
  const restored = createPixels(degraded);

  const cut = (run: TileRun, memory: TileMemory): TileFeeds => {
    const { y, x } = windowOf(grid, run);
    const noisyResidual = (sources[run.step] as (typeof sources)[number]).cut(y, x, memory.noisyResidual); // [1,3,H,W]
    return { degraded: extractTile(degraded, y, x, memory.degraded), noisyResidual };
  };
  const blend = ({ step, row, column }: TileRun, { noisyResidual }: TileFeeds, predicted: Tensor<'NCHW'>): void => {
    const residual = ddimStep(noisyResidual, predicted, steps[step] as (typeof steps)[number], predicted.data); // [1,3,H,W]
    const next = left[step];
    if (next !== undefined) {
      next.add(row, column, residual);
      return;
    }
    const patch = clipPatch(blender.add(row, column, residual), degraded);
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

  if (tiles === 1 && denoiser.predictAlong !== undefined) {
    // Nothing is blended between the steps: they may run in a row where the tensors are.
    const [first, last] = [runs[0], runs.at(-1)] as readonly [TileRun, TileRun]; // every picture has a tile
    const feeds = cut(first, createTileMemory(grid));
    options.signal?.throwIfAborted();
    const predicted = await denoiser.predictAlong(feeds.degraded, feeds.noisyResidual, steps, async (done) => {
      options.signal?.throwIfAborted();
      tellRun(done);
      await deps.pause();
      if (done < steps.length) options.signal?.throwIfAborted();
    });
    blend(last, feeds, predicted);
    return { restored, tiles };
  }
  const memories = [createTileMemory(grid), createTileMemory(grid)] as const; // one is with the network while the other is filled
  let blendLast: () => void = () => {};
  let ready: TileFeeds | undefined;
  for (const [i, run] of runs.entries()) {
    if (ready === undefined) {
      blendLast(); // this run reads it
      blendLast = () => {};
      ready = cut(run, memories[i % 2 === 0 ? 0 : 1]);
    }
    const feeds = ready;
    options.signal?.throwIfAborted();
    const prediction = denoiser.predictResidual(feeds.degraded, feeds.noisyResidual, (steps[run.step] as (typeof steps)[number]).timestep); // [1,3,H,W]
    prediction.catch(() => {}); // thrown below, where it is awaited, unless what runs beside it throws first
    blendLast();
    const next = runs[i + 1];
    ready = next !== undefined && sources[next.step]?.has(windowOf(grid, next).y) ? cut(next, memories[i % 2 === 0 ? 1 : 0]) : undefined;
    const predicted = await prediction;
    options.signal?.throwIfAborted();
    tellRun(i + 1);
    await deps.pause();
    blendLast = () => blend(run, feeds, predicted);
  }
  blendLast();
  return { restored, tiles };
}

/** What the network takes of a tile, [1,3,H,W] each. */
type TileFeeds = { readonly degraded: Tensor<'NCHW'>; readonly noisyResidual: Tensor<'NCHW'> };

/** Room for the feeds of one tile: all tiles of a grid have the same size. */
type TileMemory = { readonly degraded: Float32Array; readonly noisyResidual: Float32Array };

function createTileMemory(grid: TileGrid): TileMemory {
  const { y, x } = windowOf(grid, { row: 0, column: 0 });
  const length = 3 * (y.end - y.start) * (x.end - x.start);
  return { degraded: new Float32Array(length), noisyResidual: new Float32Array(length) };
}

function windowOf({ rows, columns }: TileGrid, { row, column }: Pick<TileRun, 'row' | 'column'>) {
  const [y, x] = [rows.spans[row], columns.spans[column]] as [(typeof rows.spans)[number], (typeof columns.spans)[number]]; // runs stay within the grid
  return { y: y.window, x: x.window };
}

/** The grid covers the padding too: later steps read there what earlier ones left. */
function padToMultiple({ height, width }: Pixels, multiplePx: number): { readonly height: number; readonly width: number } {
  const padded = (side: number): number => Math.ceil(side / multiplePx) * multiplePx;
  return { height: padded(height), width: padded(width) };
}

function clipPatch(patch: ResidualPatch, { height, width }: Pixels): ResidualPatch {
  return { ...patch, height: Math.min(patch.height, height - patch.top), width: Math.min(patch.width, width - patch.left) };
}
