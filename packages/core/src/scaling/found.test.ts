import { expect, it } from 'vitest';
import type { WeatherFinding } from '../report.ts';
import { finds, isSmooth } from './found.ts';

/** Presences of rain, snow, haze and raindrops. */
function findings(...presences: readonly number[]): readonly WeatherFinding[] {
  return ['rain', 'snow', 'haze', 'raindrop'].map((weather, i) => ({ weather, presence: presences[i] ?? 0, share: 0 }));
}

it('finds what is there with a presence of a half, or of what is asked', () => {
  expect(finds(findings(0, 0, 0.5), 'haze')).toBe(true);
  expect(finds(findings(0, 0, 0.49), 'haze')).toBe(false);
  expect(finds(findings(0.2), 'rain', 0.2)).toBe(true);
  expect(finds(findings(1, 1, 1, 1), 'sand')).toBe(false);
});
it('says of haze without anything else that it is smooth', () => {
  expect([findings(0.2, 0, 0.9), findings(0.9, 0, 0.9), findings(), findings(0.9)].map(isSmooth)).toEqual([true, false, false, false]);
});
