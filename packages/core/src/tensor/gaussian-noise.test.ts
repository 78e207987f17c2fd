import { describe, expect, it } from 'vitest';
import { createNoisePlate, cutNoise } from './gaussian-noise.ts';

describe('noise', () => {
  const plate = createNoisePlate(7);

  it('has mean 0 and variance 1', () => {
    const mean = plate.reduce((sum, v) => sum + v, 0) / plate.length;
    const variance = plate.reduce((sum, v) => sum + (v - mean) ** 2, 0) / plate.length;
    // 196,608 numbers: the standard errors are 0.0023 and 0.0032; four of each.
    expect(Math.abs(mean)).toBeLessThan(0.0091);
    expect(Math.abs(variance - 1)).toBeLessThan(0.013);
  });
  it('is the same for the same seed and another for another', () => {
    expect(createNoisePlate(7)).toEqual(plate);
    expect(createNoisePlate(8)).not.toEqual(plate);
  });
  it('takes seeds of the full 32 bits', () => {
    expect(createNoisePlate(0xffff_ffff)).not.toEqual(createNoisePlate(0x7fff_ffff));
  });
  it('is a function of the image coordinate: two windows agree where they overlap', () => {
    const a = cutNoise(plate, { top: 0, left: 0, height: 300, width: 520 });
    const b = cutNoise(plate, { top: 250, left: 500, height: 20, width: 10 });
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < 20; y++) for (let x = 0; x < 10; x++) expect(b.data[(c * 20 + y) * 10 + x]).toBe(a.data[(c * 300 + 250 + y) * 520 + 500 + x]);
  });
  it('differs between channels, rows and columns', () => {
    const { data } = cutNoise(plate, { top: 0, left: 0, height: 2, width: 2 });
    expect(new Set(data).size).toBe(12);
  });
});
