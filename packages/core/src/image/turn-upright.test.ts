import { describe, expect, it } from 'vitest';
import { largestDifference, paintPixels, storeUnderOrientation } from '../../testing/pictures.ts';
import { turnUpright } from './turn-upright.ts';

describe('turnUpright', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('gives the upright picture that was stored under orientation %i', (orientation) => {
    for (const channels of [1, 3, 4] as const) {
      const upright = paintPixels(31, 17, channels);
      expect(largestDifference(turnUpright(storeUnderOrientation(upright, orientation), orientation), upright)).toBe(0);
    }
  });
});
