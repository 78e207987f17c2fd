/** Pixels and an open model -> the weather found, and the way to restore them; which way depends on when the model asks its pool. */
import { computeCondition, type Observation, observeWeather } from '../conditioning/condition.ts';
import { computeStepCondition } from '../conditioning/step-condition.ts';
import type { Pixels } from '../image/pixels.ts';
import { rowsOfPixels } from '../image/resize-bilinear.ts';
import type { AnyOpenModel, OpenModel } from '../open-model.ts';
import type { CheckedOptions } from '../options.ts';
import type { PhaseClock } from '../progress-clock.ts';
import type { WeatherFinding } from '../report.ts';
import { restoreBySteps } from './restore-by-steps.ts';
import { restorePixels } from './restore-pixels.ts';
import type { TileSides } from '../tiling/tile-grid.ts';

/** A picture whose condition has been computed. */
export type ConditionedPicture = {
  readonly weather: readonly WeatherFinding[];
  /** @throws the signal's reason; RestoreError `backend-failed`, `dims-mismatch` */
  restore(
    tileRule: TileSides,
    options: CheckedOptions,
    deps: { readonly tell: PhaseClock['tell']; pause(): Promise<void> },
  ): Promise<{ readonly restored: Pixels; readonly tiles: number }>;
};

/** @param remove names of the model's weathers, checked; `undefined` for all */
export async function conditionPicture(pixels: Pixels, model: AnyOpenModel, remove: readonly string[] | undefined): Promise<ConditionedPicture> {
  if (model.promptQuery === 'once') return conditionObserved(pixels, await observeWeather(pixels, model), model, remove);
  const condition = await computeStepCondition(rowsOfPixels(pixels), model);
  return { weather: [], restore: (tileRule, options, deps) => restoreBySteps(pixels, model, condition, tileRule, options, deps) };
}

/** The same when the weather has been looked at already; the observation may be of this picture at another size. */
export async function conditionObserved(
  pixels: Pixels,
  observation: Observation,
  model: OpenModel,
  remove: readonly string[] | undefined,
): Promise<ConditionedPicture> {
  const condition = await computeCondition(observation, model, remove);
  return { weather: observation.weather, restore: (tileRule, options, deps) => restorePixels(pixels, model, condition, tileRule, options, deps) };
}

/** The weather alone; none where the model names no weather. */
export async function findWeather(pixels: Pixels, model: AnyOpenModel): Promise<readonly WeatherFinding[]> {
  return model.promptQuery === 'once' ? (await observeWeather(pixels, model)).weather : [];
}
