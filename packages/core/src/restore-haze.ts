/** Pixels and an open model -> the same without haze: it is looked at in several small sizes, and the mean of what they say is applied to the full one. */
import { conditionPicture } from './condition-picture.ts';
import { colourChannels, createPixels, type Pixels } from './image/pixels.ts';
import { shrinkPixels } from './image/resize.ts';
import type { OpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import type { PhaseClock } from './progress-clock.ts';
import { enlargeByBands, withoutPatches } from './restore-reduced.ts';
import { HAZE } from './scaling/found.ts';
import { planHazeSizes } from './scaling/haze-sizes.ts';
import { createMeanLines } from './scaling/mean-lines.ts';
import type { Span, TileSides } from './tiling/tile-grid.ts';

/**
 * @param pixels  as they came in; not changed
 * @param cleared the same without other weather; it is written over, and given back
 * @param deps    `tellFrom`: progress of a pass before which so many tiles of this verb were done; `finish`: a band of rows has been brought back
 */
export async function clearHaze(
  pixels: Pixels,
  cleared: Pixels | undefined,
  model: OpenModel,
  tileRule: TileSides,
  options: CheckedOptions,
  deps: {
    tellFrom(done: number): PhaseClock['tell'];
    finish(restored: Pixels, rows: Span): void;
    pause(): Promise<void>;
  },
): Promise<Pixels> {
  const hazy = cleared ?? pixels;
  const sizes = planHazeSizes(pixels);
  const lines = createMeanLines(sizes.at(-1) ?? pixels, colourChannels(pixels), sizes.length);
  let done = 0;
  let larger = hazy; // the sizes are halves of one another, so each can be taken from the one before: the large picture is read once
  for (const size of sizes.toReversed()) {
    options.signal?.throwIfAborted();
    const small = shrinkPixels(larger, size);
    larger = small;
    const conditioned = await conditionPicture(small, model, [HAZE]);
    const tell = withoutPatches(deps.tellFrom(done));
    const { restored, tiles } = await conditioned.restore(tileRule, { ...options, patchPixels: false }, { pause: deps.pause, tell });
    lines.add(small, restored);
    done += tiles;
  }
  const whole = cleared ?? createPixels(pixels);
  await enlargeByBands(hazy, lines, whole, options, { tell: deps.tellFrom(done), pause: deps.pause }, (rows) => deps.finish(whole, rows));
  return whole;
}
