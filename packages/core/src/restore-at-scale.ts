/** Pixels and an open model -> the weather found, and the way to restore them at the scale that was chosen: as they are, or reduced and brought back. */
import { conditionPicture, type ConditionedPicture, findWeather } from './condition-picture.ts';
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

/** @throws the signal's reason; RestoreError `backend-failed`, `dims-mismatch` */
export async function conditionAtScale(
  pixels: Pixels,
  model: AnyOpenModel,
  { remove, scale: option }: Pick<CheckedOptions, 'remove' | 'scale'>,
): Promise<ConditionedPicture & { readonly scale: ScaleFacts }> {
  const chosen = chooseScale(option, pixels, model.promptQuery === 'once');
  if (chosen.factor === 1) return { ...(await conditionPicture(pixels, model, remove)), scale: chosen };
  const degraded = shrinkPixels(pixels, chosen);
  const reduced = await conditionPicture(degraded, model, remove);
  const toGo = (weather: readonly WeatherFinding[]): readonly WeatherFinding[] =>
    weather.filter((finding) => remove === undefined || remove.includes(finding.weather));
  const scale = option === 'auto' ? confirmScale(chosen, pixels, toGo(await findWeather(pixels, model)), toGo(reduced.weather)) : chosen;
  if (scale.factor === 1) return { ...(await conditionPicture(pixels, model, remove)), scale };
  return {
    weather: reduced.weather,
    scale,
    async restore(tileRule, options, deps) {
      const tell: PhaseClock['tell'] = (event) => {
        if (event.type !== 'patch') deps.tell(event); // those of the reduced picture are nobody's
      };
      const { restored, tiles } = await reduced.restore(tileRule, { ...options, patchPixels: false }, { ...deps, tell });
      return { restored: await enlarge(pixels, { degraded, restored }, !isSmooth(toGo(reduced.weather)), options, deps), tiles };
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
