/** Pixels and an open model -> the weather found, and the way to restore them at the scale that was chosen: as they are, or reduced and brought back. */
import { conditionObserved, conditionPicture, type ConditionedPicture } from './condition-picture.ts';
import { type Observation, observeWeather, uniteObservations } from './conditioning/condition.ts';
import { createPixels, type Pixels } from './image/pixels.ts';
import { shrinkPixels } from './image/resize.ts';
import { cutRgba } from './image/rgba.ts';
import type { AnyOpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import type { ScaleFacts, WeatherFinding } from './report.ts';
import { chooseScale, confirmScale, isSmooth } from './scaling/choose-scale.ts';
import { enlargeResidual, type ReducedRestoration } from './scaling/enlarge-residual.ts';

/** Rows of the full picture that are brought back between two looks at the signal. */
const BAND_ROWS = 256;

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
  if (chosen.factor === 1) return { ...(await conditionPicture(pixels, model, remove)), scale: chosen };
  const degraded = shrinkPixels(pixels, chosen);
  if (model.promptQuery !== 'once') return { ...bringBack(pixels, degraded, await conditionPicture(degraded, model, remove), true), scale: chosen };

  const [own, reduced] = [await observeWeather(pixels, model), await observeWeather(degraded, model)];
  const toGo = ({ weather }: Observation): readonly WeatherFinding[] => weather.filter((finding) => remove === undefined || remove.includes(finding.weather));
  const scale = option === 'auto' ? confirmScale(chosen, pixels, toGo(own), toGo(reduced)) : chosen;
  if (scale.factor === 1) return { ...(await conditionObserved(pixels, own, model, remove)), scale };
  const both = uniteObservations(own, reduced, model);
  return { ...bringBack(pixels, degraded, await conditionObserved(degraded, both, model, remove), !isSmooth(toGo(both))), scale };
}

/** The way of the reduced picture, and from there to full size. */
function bringBack(pixels: Pixels, degraded: Pixels, { weather, restore }: ConditionedPicture, remainder: boolean): ConditionedPicture {
  return {
    weather,
    async restore(tileRule, options, deps) {
      const tell: PhaseClock['tell'] = (event) => {
        if (event.type !== 'patch') deps.tell(event); // those of the reduced picture are nobody's
      };
      const { restored, tiles } = await restore(tileRule, { ...options, patchPixels: false }, { ...deps, tell });
      return { restored: await enlarge(pixels, { degraded, restored }, remainder, options, deps), tiles };
    },
  };
}

async function enlarge(
  pixels: Pixels,
  reduced: ReducedRestoration,
  remainder: boolean,
  options: Pick<CheckedOptions, 'patchPixels' | 'signal'>,
  deps: { readonly tell: PhaseClock['tell']; pause(): Promise<void> },
): Promise<Pixels> {
  const { width, height } = pixels;
  const restored = createPixels(pixels);
  for (let start = 0; start < height; start += BAND_ROWS) {
    options.signal?.throwIfAborted();
    const end = Math.min(height, start + BAND_ROWS);
    enlargeResidual(pixels, reduced, { start, end }, remainder, restored);
    const place = { x: 0, y: start, width, height: end - start };
    deps.tell({ type: 'patch', ...place, ...(options.patchPixels ? { rgba: cutRgba(restored, place) } : {}) });
    await deps.pause();
  }
  return restored;
}
