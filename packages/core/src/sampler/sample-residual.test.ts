import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { tensor } from '../tensor/tensor.ts';
import type { Denoiser } from './denoiser.ts';
import { computeAlphasCumprod } from './noise-schedule.ts';
import { planDdimSteps, sampleResidual } from './sample-residual.ts';

const alphasCumprod = computeAlphasCumprod({ trainTimesteps: 1000, betaStart: 1e-4, betaEnd: 0.02 });
const schedule = { timesteps: [500, 0], clip: 1 };
const degraded = tensor('NCHW', [1, 3, 1, 1], Float32Array.of(0.2, 0.5, 0.8));
const noise = tensor('NCHW', [1, 3, 1, 1], Float32Array.of(1, -1, 0.5));

/** Answers a fixed share of the degraded picture at each timestep, and writes down what it was asked. */
function scriptedDenoiser(answers: Readonly<Record<number, number>>): Denoiser & { readonly asked: { timestep: number; noisy: number[] }[] } {
  const asked: { timestep: number; noisy: number[] }[] = [];
  return {
    asked,
    predictResidual: async (y, noisyResidual, timestep) => {
      asked.push({ timestep, noisy: [...noisyResidual.data] });
      return { ...y, data: y.data.map((v) => v * (answers[timestep] as number)) };
    },
  };
}

describe('sampleResidual', () => {
  it('takes the two steps of the method, as its formulas stand', async () => {
    const denoiser = scriptedDenoiser({ 500: 3, 0: 0.4 });
    const residual = await sampleResidual(denoiser, degraded, noise, planDdimSteps(alphasCumprod, schedule, 2));
    const [alpha500, alpha0] = [alphasCumprod[500] as number, alphasCumprod[0] as number];
    const state = [...noise.data].map((z, i) => {
      const a = 3 * (degraded.data[i] as number);
      const e = (z - Math.sqrt(alpha500) * a) / Math.sqrt(1 - alpha500);
      return Math.sqrt(alpha0) * Math.min(1, Math.max(-1, a)) + Math.sqrt(1 - alpha0) * e;
    });
    expect(denoiser.asked.map(({ timestep }) => timestep)).toEqual([500, 0]);
    expect(denoiser.asked[0]?.noisy).toEqual([...noise.data]);
    expectClose(denoiser.asked[1]?.noisy ?? [], state, { tolerance: 1e-6, why: 'float32 rounding' });
    expectClose(residual.data, [0.08, 0.2, 0.32], { tolerance: 1e-6, why: 'float32 rounding' });
  });
  it('with one step gives the clipped first prediction', async () => {
    const denoiser = scriptedDenoiser({ 500: 3 });
    const residual = await sampleResidual(denoiser, degraded, noise, planDdimSteps(alphasCumprod, schedule, 1));
    expectClose(residual.data, [0.6, 1, 1], { tolerance: 1e-6, why: 'float32 rounding' });
    expect(denoiser.asked).toHaveLength(1);
  });
});
