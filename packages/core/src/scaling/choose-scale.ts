/** The `scale` option, the size of a picture and the weather in it -> the size to restore it at, and why. */
import type { ScaleOption, WeatherName } from '../options.ts';
import type { ScaleFacts, SizePx, WeatherFinding } from '../report.ts';
import { finds } from './found.ts';

/** With `auto`, the shorter side of what the network sees, in pixels: weather in it is about as large as in the pictures it was trained on. */
export const AUTO_SHORT_SIDE_PX = 640;
/** With `auto`, pictures are reduced by this factor at least, or not at all: weather in them is hardly larger than the model knows it. */
export const AUTO_LARGEST_FACTOR = 0.5;
/** What a reduction blurs: at native size it is only found where it is as fine as the model knows it. */
const FINE: readonly WeatherName[] = ['rain', 'snow'];

/**
 * What the option and the size alone say. With `auto` and a factor below 1 the weather has the last word: `confirmScale`.
 * @param namesWeather whether the model says what weather there is; `auto` needs it
 */
export function chooseScale(option: ScaleOption, { width, height }: SizePx, namesWeather: boolean): ScaleFacts {
  const shortSide = Math.min(width, height);
  const facts = (factor: number, reason: string): ScaleFacts => {
    const side = (length: number): number => Math.max(1, Math.round(length * factor));
    return { factor, width: side(width), height: side(height), hazeSizes: [], reason };
  };
  if (option === 'native') return facts(1, 'Asked for.');
  if (option !== 'auto') return facts(option, 'Asked for.');
  if (!namesWeather) return facts(1, 'The model names no weather, which auto goes by.');
  const factor = AUTO_SHORT_SIDE_PX / shortSide;
  if (factor > AUTO_LARGEST_FACTOR) return facts(1, `The shorter side has ${shortSide} px: weather is as large as the model knows it.`);
  return facts(factor, `The shorter side has ${shortSide} px: at ${AUTO_SHORT_SIDE_PX} weather is as large as the model knows it.`);
}

/**
 * With `auto`, once the weather was looked for at both sizes: reduced where there is rain or snow that native size does not show. (Drops are found in many
 * a clear picture that is out of focus, so they decide nothing; haze is looked at in sizes of its own, `haze-sizes.ts`.)
 * @param native  what is to go of the weather found at native size
 * @param reduced the same of the reduced picture
 */
export function confirmScale(chosen: ScaleFacts, size: SizePx, native: readonly WeatherFinding[], reduced: readonly WeatherFinding[]): ScaleFacts {
  const stay = (reason: string): ScaleFacts => ({ factor: 1, width: size.width, height: size.height, hazeSizes: [], reason });
  const fine = FINE.find((weather) => finds(native, weather));
  if (fine !== undefined) return stay(`There is ${fine} fine enough to be found at native size.`);
  const coarse = FINE.find((weather) => finds(reduced, weather));
  if (coarse === undefined) return stay(`There is no ${FINE.join(' or ')} that a smaller size would help with.`);
  return { ...chosen, reason: `${chosen.reason} There is ${coarse}, too coarse to be found at native size.` };
}
