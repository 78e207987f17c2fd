/** `scale: 'auto'`: rain, snow and drops are taken out in the picture's own size, or reduced where they are large; then haze, in small sizes of its own. */
import { type ConditionedPicture, conditionObserved } from './condition-picture.ts';
import { observeWeather, uniteObservations } from '../conditioning/condition.ts';
import { wantedOf } from '../conditioning/weather-report.ts';
import type { Pixels } from '../image/pixels.ts';
import { shrinkPixels } from '../image/resize.ts';
import type { OpenModel } from '../open-model.ts';
import type { WeatherName } from '../options.ts';
import type { ScaleFacts, WeatherFinding } from '../report.ts';
import { clearHaze } from './restore-haze.ts';
import { countTiles } from './restore-pixels.ts';
import { bringBack, withoutPatches } from './restore-reduced.ts';
import { confirmScale } from '../scaling/choose-scale.ts';
import { FOUND, finds, HAZE, isSmooth } from '../scaling/found.ts';
import { planHazeSizes } from '../scaling/haze-sizes.ts';

/** From this presence on haze is taken out by itself; below, where clear pictures lie too, with the rest, which is more cautious. */
const HAZE_ALONE = 0.75;
/** Beside haze, which hides it, other weather is gone after from this presence on. */
const FINE_IN_HAZE = 0.2;
/** In large pictures, which are never quite sharp, and a pass over which takes long, drops are gone after only when they are found. */
const DROPS: WeatherName = 'raindrop';

/** @param chosen what option and size alone say */
export async function conditionByWeather(
  pixels: Pixels,
  model: OpenModel,
  remove: readonly string[] | undefined,
  chosen: ScaleFacts,
): Promise<ConditionedPicture & { readonly scale: ScaleFacts }> {
  const own = await observeWeather(pixels, model);
  const reduced = chosen.factor < 1 ? shrinkPixels(pixels, chosen) : undefined;
  const other = reduced === undefined ? undefined : await observeWeather(reduced, model);
  const found = other === undefined ? own : uniteObservations(own, other, model);
  const toGo = wantedOf(found.weather, remove);
  const hazy = finds(toGo, HAZE, HAZE_ALONE);

  const scale = other === undefined ? chosen : confirmScale(chosen, pixels, wantedOf(own.weather, remove), wantedOf(other.weather, remove));
  const conditionFine = async (wanted: readonly string[] | undefined): Promise<ConditionedPicture> =>
    scale.factor === 1 || reduced === undefined
      ? conditionObserved(pixels, own, model, wanted)
      : bringBack(pixels, reduced, await conditionObserved(reduced, found, model, wanted), !isSmooth(wantedOf(found.weather, wanted)));
  if (!hazy) return { ...(await conditionFine(remove)), scale };

  const others = (remove ?? model.spec.weathers).filter((weather) => weather !== HAZE);
  const from = (weather: string): number => (reduced !== undefined && weather === DROPS ? FOUND : FINE_IN_HAZE);
  const fine = others.some((weather) => finds(toGo, weather, from(weather))) ? await conditionFine(others) : undefined;
  return { ...thenHaze(pixels, model, found.weather, fine, scale), scale: hazeFacts(pixels, fine === undefined ? undefined : scale) };
}

/** The finer weather, if there is any, then haze. Both are taken out whole; the strength is that of the end against the beginning. */
function thenHaze(
  pixels: Pixels,
  model: OpenModel,
  weather: readonly WeatherFinding[],
  fine: ConditionedPicture | undefined,
  scale: ScaleFacts,
): ConditionedPicture {
  return {
    weather,
    async restore(tileRule, options, deps) {
      const ofFine = fine === undefined ? 0 : countTiles(scale, tileRule);
      const tiles = planHazeSizes(pixels).reduce((sum, size) => sum + countTiles(size, tileRule), ofFine);
      const tellFrom =
        (done: number): typeof deps.tell =>
        (event) =>
          deps.tell(event.type === 'step' || event.type === 'tile' ? { ...event, tile: done + event.tile, tiles } : event);
      const cleared = await fine?.restore(tileRule, { ...options, strength: 1, patchPixels: false }, { ...deps, tell: withoutPatches(tellFrom(0)) });
      const restored = await clearHaze(pixels, cleared?.restored, model, tileRule, options, (done) => tellFrom(ofFine + done), deps.pause);
      return { restored, tiles };
    },
  };
}

/** @param fine the size of the other pass; without one that of the largest look at haze stands in its place */
function hazeFacts(pixels: Pixels, fine: ScaleFacts | undefined): ScaleFacts {
  const hazeSizes = planHazeSizes(pixels);
  const why = `There is ${HAZE}, which is told best where the network sees the whole scene.`;
  if (fine !== undefined) return { ...fine, hazeSizes, reason: `${fine.reason} ${why}` };
  const largest = hazeSizes.at(-1) ?? pixels;
  return { ...largest, factor: Math.min(1, largest.height / pixels.height), hazeSizes, reason: why };
}
