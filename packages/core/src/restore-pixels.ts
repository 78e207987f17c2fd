/** Pixels and a condition -> restored pixels, tile by tile and step by step. No full-size float picture exists. */
import { assertPixels, type Pixels } from './image/pixels.ts';
import { cutRgba } from './image/rgba.ts';
import type { OpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import { ddimStep } from './sampler/ddim.ts';
import { type Condition, createDenoiser } from './sampler/denoiser.ts';
import { computeAlphasCumprod } from './sampler/noise-schedule.ts';
import { noiseRows, type ResidualRows, stepRows } from './sampler/residual-rows.ts';
import { planDdimSteps } from './sampler/sample-residual.ts';
import { subtractResidual } from './sampler/subtract-residual.ts';
import { createNoisePlate } from './tensor/gaussian-noise.ts';
import type { Tensor } from './tensor/tensor.ts';
import { createResidualBlender, type ResidualPatch } from './tiling/blend.ts';
import { extractTile } from './tiling/extract-tile.ts';
import { planTileGrid, type TileSides } from './tiling/tile-grid.ts';

/** Input pixels are not changed. An abort is noticed after the inference that is running. */
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
  const [rows, columns] = [grid.rows.spans, grid.columns.spans];
  const tiles = rows.length * columns.length;

  /** Steps run ahead of one another, so progress counts inferences: `steps` of them are as much work as a tile. */
  const tellRun = (done: number): void => {
    const tile = Math.ceil(done / steps.length);
    deps.tell({ type: 'step', step: ((done - 1) % steps.length) + 1, steps: steps.length, tile, tiles });
    if (done % steps.length === 0) deps.tell({ type: 'tile', tile, tiles });
  };
  let runs = 0;
  const runTile = async (step: number, noisyResidual: ResidualRows, row: number, column: number): Promise<Tensor<'NCHW'>> => {
    const [{ window: y }, { window: x }] = [rows[row], columns[column]] as [(typeof rows)[number], (typeof columns)[number]]; // within the grid
    const noisyTile = await noisyResidual.cut(y, x); // [1,3,H,W]
    options.signal?.throwIfAborted();
    const { timestep, ...ddim } = steps[step] as (typeof steps)[number]; // one of the steps planned
    const predictedResidual = await denoiser.predictResidual(extractTile(degraded, y, x), noisyTile, timestep); // [1,3,H,W]
    options.signal?.throwIfAborted();
    tellRun(++runs);
    await deps.pause();
    return ddimStep(noisyTile, predictedResidual, ddim);
  };

  // Each step draws on the one before it; the last one's tiles are finished in reading order.
  let noisyResidual = noiseRows(createNoisePlate(options.seed));
  for (let step = 0; step < steps.length - 1; step++) {
    const before = noisyResidual;
    noisyResidual = stepRows(grid, (row, column) => runTile(step, before, row, column));
  }
  const restored: Pixels = {
    ...degraded,
    data: degraded.data instanceof Uint16Array ? new Uint16Array(degraded.data.length) : new Uint8Array(degraded.data.length),
  };
  const blender = createResidualBlender(grid);
  for (let row = 0; row < rows.length; row++)
    for (let column = 0; column < columns.length; column++) {
      const residual = await runTile(steps.length - 1, noisyResidual, row, column); // [1,3,H,W]
      const patch = clipPatch(blender.add(row, column, residual), degraded);
      subtractResidual(degraded, patch, options.strength, restored, model.spec.residualSign);
      const place = { x: patch.left, y: patch.top, width: patch.width, height: patch.height };
      if (place.width > 0 && place.height > 0) deps.tell({ type: 'patch', ...place, ...(options.patchPixels ? { rgba: cutRgba(restored, place) } : {}) });
    }
  return { restored, tiles };
}

/** The grid covers the padding too: later steps read there what earlier ones left. */
function padToMultiple({ height, width }: Pixels, multiplePx: number): { readonly height: number; readonly width: number } {
  const padded = (side: number): number => Math.ceil(side / multiplePx) * multiplePx;
  return { height: padded(height), width: padded(width) };
}

function clipPatch(patch: ResidualPatch, { height, width }: Pixels): ResidualPatch {
  return { ...patch, height: Math.min(patch.height, height - patch.top), width: Math.min(patch.width, width - patch.left) };
}
