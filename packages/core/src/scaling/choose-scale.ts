/** The `scale` option, the size of a picture and the weather in it -> the size to restore it at, and why. */
import type { ScaleOption, WeatherName } from '../options.ts';
import type { ScaleFacts, WeatherFinding } from '../report.ts';

/** With `auto`, the shorter side of what the network sees, in pixels: weather in it is about as large as in the pictures it was trained on. */
export const AUTO_SHORT_SIDE_PX = 640;
/** With `auto`, pictures are reduced by this factor at least, or not at all: less would save little. */
export const AUTO_LARGEST_FACTOR = 0.8;
/** Down to this factor only haze gains. */
const HAZE_ONLY_FACTOR = 0.5;
/** From this presence on a weather counts as found. */
const FOUND = 0.5;
/** What hardly changes from pixel to pixel, so that a reduction loses nothing of it. */
const SMOOTH: WeatherName = 'haze';
/** What a reduction blurs: at native size it is only found where it is as fine as the model knows it. */
const FINE: readonly WeatherName[] = ['rain', 'snow'];

/**
 * What the option and the size alone say. With `auto` and a factor below 1 the weather has the last word: `confirmScale`.
 * @param namesWeather whether the model says what weather there is; `auto` needs it
 */
export function chooseScale(option: ScaleOption, { width, height }: { readonly width: number; readonly height: number }, namesWeather: boolean): ScaleFacts {
  const shortSide = Math.min(width, height);
  const facts = (factor: number, reason: string): ScaleFacts => {
    const side = (length: number): number => Math.max(1, Math.round(length * factor));
    return { factor, width: side(width), height: side(height), reason };
  };
  if (option === 'native') return facts(1, 'Asked for.');
  if (option !== 'auto') return facts(option, 'Asked for.');
  if (!namesWeather) return facts(1, 'The model names no weather, which auto goes by.');
  const factor = AUTO_SHORT_SIDE_PX / shortSide;
  if (factor > AUTO_LARGEST_FACTOR) return facts(1, `The shorter side has ${shortSide} px: weather is as large as the model knows it.`);
  return facts(factor, `The shorter side has ${shortSide} px: at ${AUTO_SHORT_SIDE_PX} weather is as large as the model knows it.`);
}

/**
 * With `auto`, once the weather was looked for at both sizes: reduced where there is haze, or rain or snow that native size does not show; but native
 * where the picture is hardly too large and has no haze. (Drops are found in many a clear picture that is out of focus, so they decide nothing.)
 * @param native  what is to go of the weather found at native size
 * @param reduced the same of the reduced picture
 */
export function confirmScale(
  chosen: ScaleFacts,
  size: { readonly width: number; readonly height: number },
  native: readonly WeatherFinding[],
  reduced: readonly WeatherFinding[],
): ScaleFacts {
  const stay = (reason: string): ScaleFacts => ({ factor: 1, width: size.width, height: size.height, reason });
  if (finds(native, SMOOTH) || finds(reduced, SMOOTH)) return { ...chosen, reason: `${chosen.reason} There is ${SMOOTH}, of which nothing is lost.` };
  const fine = FINE.find((weather) => finds(native, weather));
  if (fine !== undefined) return stay(`There is ${fine} fine enough to be found at native size.`);
  const coarse = FINE.find((weather) => finds(reduced, weather));
  if (coarse === undefined) return stay(`There is no ${[SMOOTH, ...FINE].join(', ')} that a smaller size would help with.`);
  if (chosen.factor > HAZE_ONLY_FACTOR) return stay(`There is no ${SMOOTH}, and the shorter side has only ${Math.min(size.width, size.height)} px.`);
  return { ...chosen, reason: `${chosen.reason} There is ${coarse}, too coarse to be found at native size.` };
}

/** Whether all that is to go is smooth: then what a line leaves of the residual is the network's noise, and else a part of it. */
export function isSmooth(weather: readonly WeatherFinding[]): boolean {
  const found = weather.filter(({ presence }) => presence >= FOUND);
  return found.length > 0 && found.every((finding) => finding.weather === SMOOTH);
}

function finds(weather: readonly WeatherFinding[], name: WeatherName): boolean {
  return weather.some((finding) => finding.weather === name && finding.presence >= FOUND);
}
