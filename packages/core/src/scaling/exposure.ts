/** A hazy picture and the lines of its residual -> the exposure of the picture without haze. */
import { colourChannels, type Pixels, whiteLevel } from '../image/pixels.ts';
import type { LinearResidual } from './linear-residual.ts';

/** Mean sample of photographs, of 1: what a restored picture's mean is led towards. */
const USUAL_MEAN = 0.46;
/** How much of the way it is led, where much haze was taken out. */
const TOWARDS_USUAL = 0.4;
/** Mean change of a sample, of 1, from which on it is much; below, the way is shorter in proportion. */
const MUCH_HAZE = 0.15;
/** The curve is bent no further, so that it rises everywhere, by half at least, and night stays night. */
const MOST_BENT = 0.5;

/**
 * `exposure` of the lines: k of the curve v + k v (1 - v), which keeps black and white, for the samples v of the picture without haze, -0.5 to 0.5. How bright a
 * scene was is what haze hides most: nine tenths of the error are the mean. So it is led a part of the way to that of photographs, as far as haze was taken out
 * (docs/working-size.md has the figures). One curve for all colours.
 * @param hazy  the size that the lines are held in
 * @param lines [height,colours,width] of all of its rows
 */
export function findExposure(hazy: Pixels, { slopes, offsets }: LinearResidual): number {
  const { width, height, channels, data } = hazy;
  const [colours, white] = [colourChannels(hazy), whiteLevel(hazy)];
  let [sum, squares, taken] = [0, 0, 0];
  for (let y = 0; y < height; y++)
    for (let c = 0; c < colours; c++)
      for (let x = 0, at = (y * colours + c) * width, sample = y * width * channels + c; x < width; x++, at++, sample += channels) {
        const value = (data[sample] as number) / white;
        const clear = Math.min(1, Math.max(0, value - (slopes[at] as number) * value - (offsets[at] as number)));
        sum += clear;
        squares += clear * clear;
        taken += Math.abs(value - clear);
      }
  const samples = width * height * colours;
  const mean = sum / samples;
  const way = TOWARDS_USUAL * Math.min(1, taken / samples / MUCH_HAZE) * (USUAL_MEAN - mean);
  return Math.min(MOST_BENT, Math.max(-MOST_BENT, way / Math.max(mean - squares / samples, 1 / 255)));
}
