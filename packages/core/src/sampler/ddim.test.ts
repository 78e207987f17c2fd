import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { tensor } from '../tensor/tensor.ts';
import { ddimRows, ddimStep } from './ddim.ts';
import { computeAlphasCumprod } from './noise-schedule.ts';

const schedule = { trainTimesteps: 1000, betaStart: 1e-4, betaEnd: 0.02 };
const row = (...values: number[]) => tensor('NCHW', [1, 1, 1, values.length], Float32Array.from(values));

describe('computeAlphasCumprod', () => {
  const alphasCumprod = computeAlphasCumprod(schedule);
  it('starts at 1 - betaStart and falls to nearly nothing', () => {
    expect(alphasCumprod).toHaveLength(1000);
    expectClose([alphasCumprod[0] as number, alphasCumprod[999] as number], [0.9999, 4.0358e-5], {
      tolerance: 1e-8,
      why: 'the published end value has five digits',
    });
    expect(alphasCumprod.every((a, t) => t === 0 || a < (alphasCumprod[t - 1] as number))).toBe(true);
  });
});

describe('ddimStep', () => {
  it('goes back to the noise it came from, when the prediction is right', () => {
    const [clean, noise] = [0.3, -1.2];
    const at = (alpha: number): number => Math.sqrt(alpha) * clean + Math.sqrt(1 - alpha) * noise;
    const next = ddimStep(row(at(0.2)), row(clean), { alphaCumprod: 0.2, alphaCumprodPrev: 0.7, clip: 1 });
    expectClose(next.data, [at(0.7)], { tolerance: 1e-6, why: 'float32 rounding' });
  });
  it('estimates the noise from the prediction before it is clipped', () => {
    const [noisy, predicted, alpha, alphaPrev] = [0.5, 2, 0.25, 0.81];
    const noise = (noisy - Math.sqrt(alpha) * predicted) / Math.sqrt(1 - alpha);
    const next = ddimStep(row(noisy), row(predicted), { alphaCumprod: alpha, alphaCumprodPrev: alphaPrev, clip: 1 });
    expectClose(next.data, [Math.sqrt(alphaPrev) * 1 + Math.sqrt(1 - alphaPrev) * noise], { tolerance: 1e-6, why: 'float32 rounding' });
  });
  it('ends at the clipped prediction', () => {
    const next = ddimStep(row(9, 9, 9), row(-3, 0.25, 3), { alphaCumprod: 0.9999, alphaCumprodPrev: 1, clip: 1 });
    expect([...next.data]).toEqual([-1, 0.25, 1]);
  });
  it('does not change its inputs', () => {
    const [noisy, predicted] = [row(0.5), row(2)];
    ddimStep(noisy, predicted, { alphaCumprod: 0.5, alphaCumprodPrev: 0.9, clip: 1 });
    expect([noisy.data[0], predicted.data[0]]).toEqual([0.5, 2]);
  });
  it('refuses height and width swapped', () => {
    const portrait = tensor('NCHW', [1, 1, 2, 3], new Float32Array(6));
    const landscape = tensor('NCHW', [1, 1, 3, 2], new Float32Array(6));
    expect(() => ddimStep(portrait, landscape, { alphaCumprod: 0.5, alphaCumprodPrev: 0.9, clip: 1 })).toThrow(
      expect.objectContaining({ code: 'dims-mismatch' }),
    );
  });
  it('refuses a prediction that is not finite, also where the clip would hide it', () => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const alphaCumprodPrev of [0.9, 1])
        expect(() => ddimStep(row(0, 0), row(0.5, broken), { alphaCumprod: 0.5, alphaCumprodPrev, clip: 1 })).toThrow(
          expect.objectContaining({ code: 'backend-failed', details: { tensor: 'residual' } }),
        );
  });
});

describe('ddimRows', () => {
  const dims = [1, 3, 4, 5];
  const wave = (step: number) =>
    tensor(
      'NCHW',
      dims,
      Float32Array.from({ length: 60 }, (_, i) => 2 * Math.sin(step * i)),
    );
  const readRow = (read: ReturnType<typeof ddimRows>): number[] => {
    const lines = new Float32Array(3 * 2);
    read(2, 3, lines, 2);
    return [...lines];
  };
  it.each([0.9, 1])('are the rows of the same step, to ᾱ = %d', (alphaCumprodPrev) => {
    const step = { alphaCumprod: 0.5, alphaCumprodPrev, clip: 1 };
    const { data } = ddimStep(wave(0.3), wave(0.7), step);
    const at = (c: number, x: number): number => data[(c * 4 + 2) * 5 + x] as number;
    expect(readRow(ddimRows(wave(0.3), wave(0.7), step))).toEqual([0, 1, 2].flatMap((c) => [at(c, 3), at(c, 4)]));
  });
  it('need no x_t for the last step, and for no other', () => {
    const last = { alphaCumprod: 0.5, alphaCumprodPrev: 1, clip: 1 };
    expect(readRow(ddimRows(undefined, wave(0.7), last))).toEqual(readRow(ddimRows(wave(0.3), wave(0.7), last)));
    expect(() => ddimRows(undefined, wave(0.7), { ...last, alphaCumprodPrev: 0.9 })).toThrow('Only the last step can do without x_t.');
  });
});
