/** Pixels and an open model -> the weather found, and the way to restore them at the scale that was chosen: as they are, or reduced and brought back. */
import { conditionPicture, type ConditionedPicture } from './condition-picture.ts';
import { createPixels, type Pixels } from './image/pixels.ts';
import { shrinkPixels } from './image/resize.ts';
import { cutRgba } from './image/rgba.ts';
import type { AnyOpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import type { ScaleFacts, WeatherFinding } from './report.ts';
import { chooseScale } from './scaling/choose-scale.ts';
import { enlargeResidual, type ReducedRestoration } from './scaling/enlarge-residual.ts';

/** Rows of the full picture that are brought back between two looks at the signal. */
const BAND_ROWS = 256;
/** From this presence on a weather counts as found. */
const FOUND = 0.5;

/** @throws the signal's reason; RestoreError `backend-failed`, `dims-mismatch` */
export async function conditionAtScale(
  pixels: Pixels,
  model: AnyOpenModel,
  { remove, scale: option }: Pick<CheckedOptions, 'remove' | 'scale'>,
): Promise<ConditionedPicture & { readonly scale: ScaleFacts }> {
  const scale = chooseScale(option, pixels, model.promptQuery === 'once');
  if (scale.factor === 1) return { ...(await conditionPicture(pixels, model, remove)), scale };
  const degraded = shrinkPixels(pixels, scale);
  const { weather, restore } = await conditionPicture(degraded, model, remove);
  return {
    weather,
    scale,
    async restore(tileRule, options, deps) {
      const tell: PhaseClock['tell'] = (event) => {
        if (event.type !== 'patch') deps.tell(event); // those of the reduced picture are nobody's
      };
      const { restored, tiles } = await restore(tileRule, { ...options, patchPixels: false }, { ...deps, tell });
      return { restored: await enlarge(pixels, { degraded, restored }, !isOnlyHaze(weather), options, deps), tiles };
    },
  };
}

/** Haze is smooth, so what a line leaves of its residual is the network's noise; of other weather it is a part. */
function isOnlyHaze(weather: readonly WeatherFinding[]): boolean {
  const found = weather.filter(({ presence }) => presence >= FOUND);
  return found.length > 0 && found.every((finding) => finding.weather === 'haze');
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
