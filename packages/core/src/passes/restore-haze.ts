/** Pixels and an open model -> the same without haze: it is looked at in several small sizes, and the mean of what they say, rightly exposed, is applied to the full one. */
import { conditionPicture } from './condition-picture.ts';
import { colourChannels, createPixels, type Pixels } from '../image/pixels.ts';
import { shrinkPixels } from '../image/resize.ts';
import type { OpenModel } from '../open-model.ts';
import type { CheckedOptions } from '../options.ts';
import type { PhaseClock } from '../progress-clock.ts';
import { enlargeByBands, withoutPatches } from './restore-reduced.ts';
import { blendRows } from '../scaling/blend-rows.ts';
import { findExposure } from '../scaling/exposure.ts';
import { HAZE } from '../scaling/found.ts';
import { planHazeSizes } from '../scaling/haze-sizes.ts';
import { createMeanLines } from '../scaling/mean-lines.ts';
import type { TileSides } from '../tiling/tile-grid.ts';

/**
 * @param pixels   as they came in; not changed
 * @param cleared  the same without other weather; it is written over, and given back
 * @param options  with a `strength` below 1 the end is blended with `pixels`
 * @param tellFrom progress of a pass before which so many tiles of this verb were done
 */
export async function clearHaze(
  pixels: Pixels,
  cleared: Pixels | undefined,
  model: OpenModel,
  tileRule: TileSides,
  options: CheckedOptions,
  tellFrom: (done: number) => PhaseClock['tell'],
  pause: () => Promise<void>,
): Promise<Pixels> {
  const hazy = cleared ?? pixels;
  const sizes = planHazeSizes(pixels);
  const lines = createMeanLines(sizes.at(-1) ?? pixels, colourChannels(pixels), sizes.length);
  let done = 0;
  let lookedAt: Pixels | undefined;
  let larger = hazy; // the sizes are halves of one another, so each can be taken from the one before: the large picture is read once
  for (const size of sizes.toReversed()) {
    options.signal?.throwIfAborted();
    const small = shrinkPixels(larger, size);
    larger = small;
    lookedAt ??= small;
    const conditioned = await conditionPicture(small, model, [HAZE]);
    const { restored, tiles } = await conditioned.restore(
      tileRule,
      { ...options, strength: 1, patchPixels: false },
      { pause, tell: withoutPatches(tellFrom(done)) },
    );
    lines.add(small, restored);
    done += tiles;
  }
  const exposure = lookedAt === undefined ? 0 : findExposure(lookedAt, lines.of({ start: 0, end: lines.height }));
  const whole = cleared ?? createPixels(pixels);
  await enlargeByBands(hazy, { ...lines, exposure }, whole, options, { tell: tellFrom(done), pause }, (rows) => {
    if (options.strength < 1) blendRows(pixels, whole, options.strength, rows);
  });
  return whole;
}
