import { describe, expect, it } from 'vitest';
import type { WeatherFinding } from '../report.ts';
import { AUTO_SHORT_SIDE_PX, chooseScale, confirmScale } from './choose-scale.ts';

const large = { width: 4000, height: 3000 };

describe('chooseScale', () => {
  it.each(['native', 1] as const)('leaves the size alone when asked to: %s', (option) => {
    expect(chooseScale(option, large, true)).toMatchObject({ factor: 1, ...large });
  });
  it('takes a factor as it is, and leaves a pixel at least', () => {
    expect(chooseScale(0.5, { width: 4001, height: 3 }, false)).toMatchObject({ factor: 0.5, width: 2001, height: 2 });
    expect(chooseScale(0.05, { width: 4000, height: 1 }, false)).toMatchObject({ width: 200, height: 1 });
  });
  it('brings the shorter side of a large picture to where weather is as large as the model knows it', () => {
    const { factor, width, height, reason } = chooseScale('auto', large, true);
    expect([factor, height]).toEqual([AUTO_SHORT_SIDE_PX / 3000, AUTO_SHORT_SIDE_PX]);
    expect(width).toBe(Math.round(4000 * factor));
    expect(reason).toContain('3000 px');
  });
  it('leaves small pictures alone with auto, and models that name no weather', () => {
    expect(chooseScale('auto', { width: 2000, height: 1200 }, true).factor).toBe(1);
    expect(chooseScale('auto', large, false).factor).toBe(1);
  });
});

/** Presences of rain, snow, haze and raindrops. */
function findings(...presences: readonly number[]): readonly WeatherFinding[] {
  return ['rain', 'snow', 'haze', 'raindrop'].map((weather, i) => ({ weather, presence: presences[i] ?? 0, share: 0 }));
}

describe('confirmScale', () => {
  const chosen = chooseScale('auto', large, true);
  it('reduces a large picture with rain too coarse to be found at native size', () => {
    expect(confirmScale(chosen, large, findings(0.1), findings(0.99)).factor).toBe(chosen.factor);
  });
  it.each([
    ['rain', findings(0.9), findings(0.9)],
    ['snow', findings(0, 0.6), findings(0, 0.2)],
  ])('leaves a large picture alone where fine %s is found', (name, native, reduced) => {
    expect(confirmScale(chosen, large, native, reduced)).toMatchObject({ factor: 1, ...large, reason: expect.stringContaining(name) });
  });
  it('leaves a large picture alone where there is nothing but drops or haze, or nothing at all', () => {
    for (const found of [findings(), findings(0, 0, 0, 0.9), findings(0, 0, 0.9)])
      expect(confirmScale(chosen, large, found, found)).toMatchObject({ factor: 1, ...large });
  });
});
