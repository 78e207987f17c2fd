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

// As in models/recipe/tests/test_restore_auto.py. Levels are whole steps of 255, so the third place may differ.
describe('findExposure', () => {
  it.each([
    { hazy: 0.8, taken: 0, bent: 0, why: 'nothing was taken out' },
    { hazy: 0.8, taken: 0.4, bent: 0.1, why: '0.4 of the way from 0.4 to 0.46' },
    { hazy: 0.8, taken: 0.14, bent: -0.3327, why: 'nearly as much of it from 0.66, downwards' },
    { hazy: 0.4, taken: 0.06, bent: 0.0856, why: '0.4 of 0.4 of it, for little haze' },
    { hazy: 0.2, taken: 0.15, bent: 0.5, why: 'no more, by night' },
    { hazy: 0.2, taken: 0.3, bent: 0.5, why: 'no more, where nothing is left' },
  ])('is $bent where $taken was taken from $hazy: $why', ({ hazy, taken, bent }) => {
    expect(findExposure(even(hazy), lines(taken))).toBeCloseTo(bent, 2);
  });
  it('is the same for a grey picture, and alpha says nothing', () => {
    const wanted = findExposure(even(0.8), lines(0.4));
    expect(findExposure(even(0.8, 1), lines(0.4, 1))).toBeCloseTo(wanted, 9);
    expect(findExposure(even(0.8, 4), lines(0.4))).toBeCloseTo(wanted, 9);
  });
  it('reads the lines where they are', () => {
    const { slopes, offsets } = lines(0);
    slopes.fill(0.5, 0, SIZE.width); // the first row of the first colour goes from 0.8 to 0.4, the eleven other rows stay
    const [mean, squares, taken] = [(0.4 + 11 * 0.8) / 12, (0.16 + 11 * 0.64) / 12, 0.4 / 12];
    expect(findExposure(even(0.8), { slopes, offsets })).toBeCloseTo((0.4 * (taken / 0.15) * (0.46 - mean)) / (mean - squares), 6);
  });
});
