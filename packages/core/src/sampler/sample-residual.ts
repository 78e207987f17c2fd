/** Noise and a denoiser -> the degradation residual of one tile, after 1 or 2 DDIM steps. */
import type { Schedule } from '../graph/manifest.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ddimStep } from './ddim.ts';
import type { Denoiser } from './denoiser.ts';

export type SampleOptions = {
  readonly alphasCumprod: Float64Array;
  readonly schedule: Pick<Schedule, 'timesteps' | 'clip'>;
  /** How many of the schedule's timesteps to visit; after the last one the step goes to ᾱ = 1. */
  readonly steps: number;
  /** Called after every step, counted from 1. */
  readonly onStep?: (step: number) => void;
};

/**
 * x_T = noise; for each timestep t: x̂_0 = f(y, x_t, t), then one DDIM step. The last step goes to the clean residual.
 * @param degraded y, [1,3,H,W], RGB in [0,1]
 * @param noise    z, same dims, normal
 * @returns the residual `degraded - clean`, same dims, in [-clip,clip]
 */
export async function sampleResidual(denoiser: Denoiser, degraded: Tensor<'NCHW'>, noise: Tensor<'NCHW'>, options: SampleOptions): Promise<Tensor<'NCHW'>> {
  const { alphasCumprod, schedule, steps, onStep } = options;
  const timesteps = schedule.timesteps.slice(0, steps);
  let noisyResidual = noise;
  for (const [k, timestep] of timesteps.entries()) {
    const predictedResidual = await denoiser.predictResidual(degraded, noisyResidual, timestep);
    const timestepPrev = timesteps[k + 1];
    noisyResidual = ddimStep(noisyResidual, predictedResidual, {
      alphaCumprod: alphasCumprod[timestep] as number, // the manifest's timesteps lie within the schedule
      alphaCumprodPrev: timestepPrev === undefined ? 1 : (alphasCumprod[timestepPrev] as number),
      clip: schedule.clip,
    });
    onStep?.(k + 1);
  }
  return noisyResidual;
}
