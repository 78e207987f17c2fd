/** A picture and the way to restore it reduced -> the way to restore it whole: the residual of the reduced one brought back, band by band. */
import type { ConditionedPicture } from './condition-picture.ts';
import { createPixels, type Pixels } from '../image/pixels.ts';
import { cutRgba } from '../image/rgba.ts';
import type { CheckedOptions } from '../options.ts';
import type { PhaseClock } from '../progress-clock.ts';
import { enlargeResidual, linesOf, type ReducedLines } from '../scaling/enlarge-residual.ts';
import type { Span } from '../tiling/tile-grid.ts';

/** Rows of the full picture that are brought back between two looks at the signal. */
const BAND_ROWS = 256;

/** What a pass over a picture needs from outside. */
export type PassDeps = { readonly tell: PhaseClock['tell']; pause(): Promise<void> };

/** @param remainder as `fitLinearResidual` takes it */
export function bringBack(pixels: Pixels, degraded: Pixels, { weather, restore }: ConditionedPicture, remainder: boolean): ConditionedPicture {
  return {
    weather,
    async restore(tileRule, options, deps) {
      const { restored, tiles } = await restore(tileRule, { ...options, patchPixels: false }, { ...deps, tell: withoutPatches(deps.tell) });
      const whole = createPixels(pixels);
      await enlargeByBands(pixels, linesOf(degraded, restored, remainder), whole, options, deps);
      return { restored: whole, tiles };
    },
  };
}

/** Rectangles of a reduced picture, and of one that is not finished, are nobody's. */
export function withoutPatches(tell: PhaseClock['tell']): PhaseClock['tell'] {
  return (event) => {
    if (event.type !== 'patch') tell(event);
  };
}

/** @param finish what is still to be done with the rows of a band before they are told of */
export async function enlargeByBands(
  pixels: Pixels,
  lines: ReducedLines,
  restored: Pixels,
  options: Pick<CheckedOptions, 'patchPixels' | 'signal'>,
  deps: PassDeps,
  finish: (rows: Span) => void = () => {},
): Promise<void> {
  const { width, height } = pixels;
  for (let start = 0; start < height; start += BAND_ROWS) {
    options.signal?.throwIfAborted();
    const end = Math.min(height, start + BAND_ROWS);
    enlargeResidual(pixels, lines, { start, end }, restored);
    finish({ start, end });
    const place = { x: 0, y: start, width, height: end - start };
    deps.tell({ type: 'patch', ...place, ...(options.patchPixels ? { rgba: cutRgba(restored, place) } : {}) });
    await deps.pause();
  }
}
