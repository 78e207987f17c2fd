/** Pixels and a condition -> restored pixels, tile by tile: cut, two sampling steps, blend, subtract. No full-size float picture exists. */
import type { OpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import { assertPixels, type Pixels } from './image/pixels.ts';
import { computeAlphasCumprod } from './sampler/noise-schedule.ts';
import { type Condition, createDenoiser } from './sampler/denoiser.ts';
import { sampleResidual } from './sampler/sample-residual.ts';
import { subtractResidual } from './sampler/subtract-residual.ts';
import { createNoisePlate, cutNoise } from './tensor/gaussian-noise.ts';
import { createResidualBlender } from './tiling/blend.ts';
import { extractTile } from './tiling/extract-tile.ts';
import { planTileGrid, type TileSides } from './tiling/tile-grid.ts';

/** Tiles go in reading order; an abort is noticed after the step that is running. Input pixels are not changed. */
export async function restorePixels(
  degraded: Pixels,
  model: Pick<OpenModel, 'spec' | 'graphs'>,
  condition: Condition,
  tileRule: TileSides,
  options: Pick<CheckedOptions, 'strength' | 'seed' | 'steps' | 'signal'>,
  deps: { readonly tell: PhaseClock['tell']; pause(): Promise<void> },
): Promise<{ readonly restored: Pixels; readonly tiles: number }> {
  assertPixels(degraded);
  const { schedule } = model.spec;
  const denoiser = createDenoiser(model.graphs.denoiser, condition);
  const alphasCumprod = computeAlphasCumprod(schedule);
  const plate = createNoisePlate(options.seed);
  const grid = planTileGrid(degraded, tileRule);
  const blender = createResidualBlender(grid);
  const restored: Pixels = {
    ...degraded,
    data: degraded.data instanceof Uint16Array ? new Uint16Array(degraded.data.length) : new Uint8Array(degraded.data.length),
  };

  const tiles = grid.rows.spans.length * grid.columns.spans.length;
  let tile = 0;
  for (const [row, { window: rows }] of grid.rows.spans.entries()) {
    for (const [column, { window: columns }] of grid.columns.spans.entries()) {
      options.signal?.throwIfAborted();
      tile++;
      const degradedTile = extractTile(degraded, rows, columns); // [1,3,H,W]
      const noise = cutNoise(plate, { top: rows.start, left: columns.start, height: rows.end - rows.start, width: columns.end - columns.start }); // [1,3,H,W]
      const residual = await sampleResidual(denoiser, degradedTile, noise, {
        alphasCumprod,
        schedule,
        steps: options.steps,
        onStep: (step) => {
          options.signal?.throwIfAborted();
          deps.tell({ type: 'step', step, steps: options.steps, tile, tiles });
        },
      }); // [1,3,H,W]
      subtractResidual(degraded, blender.add(row, column, residual), options.strength, restored);
      deps.tell({ type: 'tile', tile, tiles });
      await deps.pause();
    }
  }
  return { restored, tiles };
}
