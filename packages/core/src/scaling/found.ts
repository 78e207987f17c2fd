/** What was found of the weather -> whether a kind of it counts. */
import type { WeatherName } from '../options.ts';
import type { WeatherFinding } from '../report.ts';

/** From this presence on a weather counts as found. */
export const FOUND = 0.5;
/** What hardly changes from pixel to pixel, so that a reduction loses nothing of it. */
export const HAZE: WeatherName = 'haze';

export function finds(weather: readonly WeatherFinding[], name: WeatherName, from: number = FOUND): boolean {
  return weather.some((finding) => finding.weather === name && finding.presence >= from);
}

/** Whether all that was found is haze: then what a line leaves of the residual is the network's noise, and else a part of it. */
export function isSmooth(weather: readonly WeatherFinding[]): boolean {
  const found = weather.filter(({ presence }) => presence >= FOUND);
  return found.length > 0 && found.every((finding) => finding.weather === HAZE);
}
