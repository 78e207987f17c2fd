import { describe, expect, it } from 'vitest';
import type { Pixels } from '../image/pixels.ts';
import { findExposure } from './exposure.ts';

/** Everywhere this bright, of white 255. */
function even(level: number, channels: 1 | 3 | 4 = 3): Pixels {
  return { ...SIZE, channels, data: new Uint8Array(SIZE.width * SIZE.height * channels).fill(Math.round(255 * level)) };
}

const SIZE = { width: 8, height: 4 };
const lines = (offset: number, colours = 3): { slopes: Float32Array; offsets: Float32Array } => ({
  slopes: new Float32Array(SIZE.width * SIZE.height * colours),
  offsets: new Float32Array(SIZE.width * SIZE.height * colours).fill(offset),
});

// As in models/recipe/tests/test_restore_auto.py. Levels are whole steps of 255, so the fourth place may differ.
describe('findExposure', () => {
  it.each([
    { hazy: 0.8, taken: 0, gain: 1, why: 'nothing was taken out' },
    { hazy: 0.8, taken: 0.4, gain: 1.06, why: '0.4 of the way from 0.4 to 0.46' },
    { hazy: 0.8, taken: 0.14, gain: 0.8869, why: 'nearly the same from 0.66, downwards' },
    { hazy: 0.4, taken: 0.06, gain: 1.0565, why: '0.4 of that, for little haze' },
    { hazy: 0.2, taken: 0.15, gain: 1.25, why: 'no more, by night' },
    { hazy: 0.2, taken: 0.3, gain: 1.25, why: 'no more, where nothing is left' },
  ])('is $gain where $taken was taken from $hazy: $why', ({ hazy, taken, gain }) => {
    expect(findExposure(even(hazy), lines(taken))).toBeCloseTo(gain, 3);
  });
  it('is the same for a grey picture, and alpha says nothing', () => {
    const wanted = findExposure(even(0.8), lines(0.4));
    expect(findExposure(even(0.8, 1), lines(0.4, 1))).toBeCloseTo(wanted, 9);
    expect(findExposure(even(0.8, 4), lines(0.4))).toBeCloseTo(wanted, 9);
  });
  it('reads the lines where they are', () => {
    const { slopes, offsets } = lines(0);
    slopes.fill(0.5, 0, SIZE.width); // the first row of the first colour goes from 0.8 to 0.4: of 12 such rows the mean is 0.7667, 0.0333 is taken
    expect(findExposure(even(0.8), { slopes, offsets })).toBeCloseTo(1 + (0.4 * (0.1 / 3 / 0.15) * (0.46 - (0.8 - 0.1 / 3))) / (0.8 - 0.1 / 3), 6);
  });
});
