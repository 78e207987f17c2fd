/** The `scale` option and the size of a picture -> the size to restore it at, and why. */
import type { ScaleOption } from '../options.ts';
import type { ScaleFacts } from '../report.ts';

/** With `auto`, the shorter side of what the network sees, in pixels: weather in it is about as large as in the pictures it was trained on. */
export const AUTO_SHORT_SIDE_PX = 640;
/** With `auto`, pictures are reduced by this factor at least, or not at all: less would save little. */
export const AUTO_LARGEST_FACTOR = 0.8;

/**
 * @param namesWeather whether the model says what weather there is: `auto` was only measured with such models
 */
export function chooseScale(option: ScaleOption, { width, height }: { readonly width: number; readonly height: number }, namesWeather: boolean): ScaleFacts {
  const native = (reason: string): ScaleFacts => ({ factor: 1, width, height, reason });
  const reduced = (factor: number, reason: string): ScaleFacts => {
    const side = (length: number): number => Math.max(1, Math.round(length * factor));
    return { factor, width: side(width), height: side(height), reason };
  };
  if (option === 'native' || option === 1) return native('Asked for.');
  if (option !== 'auto') return reduced(option, 'Asked for.');
  if (!namesWeather) return native('The model names no weather, and auto was measured with none of its kind.');
  const factor = AUTO_SHORT_SIDE_PX / Math.min(width, height);
  if (factor > AUTO_LARGEST_FACTOR)
    return native(`The shorter side has ${Math.min(width, height)} px; weather in such a picture is as large as the model knows it.`);
  return reduced(factor, `The shorter side has ${Math.min(width, height)} px; at ${AUTO_SHORT_SIDE_PX} px weather is as large as the model knows it.`);
}
