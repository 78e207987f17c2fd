/** Pixels and an open model -> the weather found, and the way to restore them: in the size that was asked for, or every weather where it is seen best. */
import { type ConditionedPicture, conditionObserved, conditionPicture } from './condition-picture.ts';
import { observeWeather, uniteObservations } from '../conditioning/condition.ts';
import { wantedOf } from '../conditioning/weather-report.ts';
import type { Pixels } from '../image/pixels.ts';
import { shrinkPixels } from '../image/resize.ts';
import type { AnyOpenModel } from '../open-model.ts';
import type { CheckedOptions } from '../options.ts';
import type { ScaleFacts } from '../report.ts';
import { conditionByWeather } from './restore-by-weather.ts';
import { bringBack } from './restore-reduced.ts';
import { chooseScale } from '../scaling/choose-scale.ts';
import { isSmooth } from '../scaling/found.ts';

/**
 * A picture that is reduced is looked at in both sizes, for each shows weather that the other hides; what either found guides the network.
 * @throws the signal's reason; RestoreError `backend-failed`, `dims-mismatch`
 */
export async function conditionAtScale(
  pixels: Pixels,
  model: AnyOpenModel,
  { remove, scale: option }: Pick<CheckedOptions, 'remove' | 'scale'>,
): Promise<ConditionedPicture & { readonly scale: ScaleFacts }> {
  const chosen = chooseScale(option, pixels, model.promptQuery === 'once');
  if (option === 'auto' && model.promptQuery === 'once') return conditionByWeather(pixels, model, remove, chosen);
  if (chosen.factor === 1) return { ...(await conditionPicture(pixels, model, remove)), scale: chosen };
  const degraded = shrinkPixels(pixels, chosen);
  if (model.promptQuery !== 'once') return { ...bringBack(pixels, degraded, await conditionPicture(degraded, model, remove), true), scale: chosen };
  const both = uniteObservations(await observeWeather(pixels, model), await observeWeather(degraded, model), model);
  return { ...bringBack(pixels, degraded, await conditionObserved(degraded, both, model, remove), !isSmooth(wantedOf(both.weather, remove))), scale: chosen };
}
