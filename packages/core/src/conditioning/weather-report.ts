/** Scores of the whole pool -> the weather in the picture, with names, for people. */
import type { WeatherFinding } from '../report.ts';
import type { PromptPool, PromptScores } from './prompt-pool.ts';

/**
 * Presence of a weather is a noisy-or over all sub-prompts, before any is masked: 1 - prod(1 - weight_i * affinity_ia). Its share is its
 * part of the sum of all presences.
 * @param weathers names along the affinities' axis A; the findings keep their order
 */
export function reportWeather(pool: PromptPool, { weights }: PromptScores, weathers: readonly string[]): readonly WeatherFinding[] {
  const presences = weathers.map((_, a) => {
    let absent = 1;
    for (let i = 0; i < weights.length; i++) absent *= 1 - (weights[i] as number) * (pool.affinities.data[i * weathers.length + a] as number);
    return 1 - absent;
  });
  const sum = presences.reduce((total, presence) => total + presence, 0);
  return weathers.map((weather, a) => {
    const presence = presences[a] as number; // one per weather
    return { weather, presence, share: sum > 0 ? presence / sum : 0 };
  });
}

/** What is to go of the weather found. @param remove `undefined` for all of it */
export function wantedOf(weather: readonly WeatherFinding[], remove: readonly string[] | undefined): readonly WeatherFinding[] {
  return weather.filter((finding) => remove === undefined || remove.includes(finding.weather));
}
