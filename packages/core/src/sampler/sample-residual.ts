/** Noise and a denoiser -> the degradation residual, after 1 or 2 DDIM steps; and the plan of those steps. */
import type { Schedule } from '../graph/model-spec.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ddimStep, type TimedStep } from './ddim.ts';
import type { Denoiser } from './denoiser.ts';

/** The first `steps` timesteps of the schedule; the last step goes to ᾱ = 1, the clean residual. */
export function planDdimSteps(alphasCumprod: Float64Array, { timesteps, clip }: Pick<Schedule, 'timesteps' | 'clip'>, steps: number): readonly TimedStep[] {
  const visited = timesteps.slice(0, steps);
  return visited.map((timestep, k) => {
    const timestepPrev = visited[k + 1];
    return {
      timestep,
      alphaCumprod: alphasCumprod[timestep] as number, // the manifest's timesteps lie within the schedule
      alphaCumprodPrev: timestepPrev === undefined ? 1 : (alphasCumprod[timestepPrev] as number),
      clip,
    };
  });
}

/**
 * The sampler without tiles, as the method states it: x_T = noise; for each timestep t: x̂_0 = f(y, x_t, t), then one DDIM step. What
 * `restorePixels` gives by tiles is held against it.
 * @param degraded y, [1,3,H,W], RGB in [0,1]
 * @param noise    z, same dims, normal
 * @returns the residual `degraded - clean`, same dims, in [-clip,clip]
 */
export async function sampleResidual(
  denoiser: Denoiser,
  degraded: Tensor<'NCHW'>,
  noise: Tensor<'NCHW'>,
  steps: readonly TimedStep[],
): Promise<Tensor<'NCHW'>> {
  let noisyResidual = noise;
  for (const { timestep, ...ddim } of steps) noisyResidual = ddimStep(noisyResidual, await denoiser.predictResidual(degraded, noisyResidual, timestep), ddim);
  return noisyResidual;
}
