/** Pixels and a denoiser that queries at every step -> restored pixels: one step over the whole picture, then the next. */
import { assertPixels, type Pixels } from '../image/pixels.ts';
import { cutRgba } from '../image/rgba.ts';
import type { OpenStepModel } from '../open-model.ts';
import type { CheckedOptions } from '../options.ts';
import type { PhaseClock } from '../progress-clock.ts';
import { ddimRows } from '../sampler/ddim.ts';
import { computeAlphasCumprod } from '../sampler/noise-schedule.ts';
import { planDdimSteps } from '../sampler/sample-residual.ts';
import { averageQueries, createStepDenoiser, type Encoded, featureBytes, type StepCondition } from '../sampler/step-denoiser.ts';
import { subtractResidual } from '../sampler/subtract-residual.ts';
import { createWholeResidual, type WholeResidual } from '../sampler/whole-residual.ts';
import { createNoisePlate, cutNoise } from '../tensor/gaussian-noise.ts';
import { createResidualBlender, type Rectangle, type ResidualRow } from '../tiling/blend.ts';
import { extractTile } from '../tiling/extract-tile.ts';
import { planTileGrid, type TileSides } from '../tiling/tile-grid.ts';

/**
 * How much of what the encoder finds is kept until the pool has been asked. Tiles beyond it are encoded a second time, which costs about half as
 * much time again and gives the same numbers. (The features of a 768x768 tile of `t3` take 423 MiB.)
 */
export const KEPT_FEATURES_BYTES: number = 512 * 2 ** 20;

/**
 * All tiles of a step are encoded, their queries averaged, the pool is asked once, and all are decoded: so every tile gets the same prompts. Between
 * two steps the noisy residual of the whole picture is kept (12 bytes a pixel). A picture of one tile is what the untiled network gives.
 * Input pixels are not changed. An abort is noticed after the inference that is running.
 */
export async function restoreBySteps(
  degraded: Pixels,
  model: Pick<OpenStepModel, 'spec' | 'graphs'>,
  condition: StepCondition,
  tileRule: TileSides,
  options: Pick<CheckedOptions, 'strength' | 'seed' | 'steps' | 'signal'> & Partial<Pick<CheckedOptions, 'patchPixels'>>,
  deps: { readonly tell: PhaseClock['tell']; pause(): Promise<void>; readonly keptFeaturesBytes?: number },
): Promise<{ readonly restored: Pixels; readonly tiles: number }> {
  assertPixels(degraded);
  const denoiser = createStepDenoiser(model.graphs, condition);
  const steps = planDdimSteps(computeAlphasCumprod(model.spec.schedule), model.spec.schedule, options.steps);
  const grid = planTileGrid(degraded, tileRule);
  const tiles = grid.rows.spans.flatMap(({ window: y }, row) => grid.columns.spans.map(({ window: x }, column) => ({ row, column, y, x })));
  type Tile = (typeof tiles)[number];

  const finishRun = countRuns(steps.length, tiles.length, deps.tell);
  const run = async <T>(inference: () => Promise<T>): Promise<T> => {
    options.signal?.throwIfAborted();
    const result = await inference();
    options.signal?.throwIfAborted();
    finishRun();
    await deps.pause();
    return result;
  };

  const plate = createNoisePlate(options.seed);
  let noisyResidual: Pick<WholeResidual, 'cut'> = {
    cut: (y, x) => cutNoise(plate, { top: y.start, left: x.start, height: y.end - y.start, width: x.end - x.start }),
  };
  const restored: Pixels = {
    ...degraded,
    data: degraded.data instanceof Uint16Array ? new Uint16Array(degraded.data.length) : new Uint8Array(degraded.data.length),
  };
  const finish = (row: ResidualRow): void => subtractResidual(degraded, row, options.strength, restored, model.spec.residualSign);
  const tellPatch = ({ top, left, width, height }: Rectangle): void => {
    const place = { x: left, y: top, width, height };
    deps.tell({ type: 'patch', ...place, ...(options.patchPixels ? { rgba: cutRgba(restored, place) } : {}) });
  };

  for (const [k, { timestep, ...ddim }] of steps.entries()) {
    const before = noisyResidual;
    const encode = ({ y, x }: Tile): Promise<Encoded> => denoiser.encode(extractTile(degraded, y, x), before.cut(y, x), timestep);

    const kept = new Map<Tile, Encoded>();
    const queries: Pick<Encoded, 'query' | 'positions'>[] = [];
    let bytes = 0;
    for (const tile of tiles) {
      const encoded = await run(() => encode(tile));
      queries.push({ query: encoded.query, positions: encoded.positions });
      bytes += featureBytes(encoded);
      if (tiles.length === 1 || bytes <= (deps.keptFeaturesBytes ?? KEPT_FEATURES_BYTES)) kept.set(tile, encoded);
    }
    const weatherKeyValues = condition.askPool(averageQueries(queries)); // [1,kL,2C]

    const last = k === steps.length - 1;
    const after = last ? { store: finish } : createWholeResidual(degraded);
    const blender = createResidualBlender(grid);
    for (const tile of tiles) {
      const predictedResidual = await run(async () => {
        const encoded = kept.get(tile) ?? (await encode(tile));
        kept.delete(tile);
        return denoiser.decode(encoded, weatherKeyValues, extractTile(degraded, tile.y, tile.x)); // [1,3,H,W]
      });
      const residual = ddimRows(before.cut(tile.y, tile.x), predictedResidual, ddim);
      const finished = blender.add(tile.row, tile.column, residual, after.store);
      if (last) tellPatch(finished);
    }
    if ('cut' in after) noisyResidual = after;
  }
  return { restored, tiles: tiles.length };
}

/** Progress: each tile is visited twice a step, once for its query and once for its residual, so two runs are told as one. */
function countRuns(steps: number, tiles: number, tell: PhaseClock['tell']): () => void {
  let runs = 0;
  return () => {
    runs += 1;
    if (runs % 2 !== 0) return;
    const done = runs / 2;
    const tile = Math.ceil(done / steps);
    tell({ type: 'step', step: ((done - 1) % steps) + 1, steps, tile, tiles });
    if (done % steps === 0) tell({ type: 'tile', tile, tiles });
  };
}
