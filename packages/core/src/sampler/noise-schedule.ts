/** Betas of the forward process -> ᾱ_t for every training timestep. */
import type { Schedule } from '../graph/model-spec.ts';

/**
 * Linear betas from `betaStart` to `betaEnd`; ᾱ_t is the cumulative product of 1 - beta.
 * @returns `trainTimesteps` numbers, falling from nearly 1
 * Source: Ho et al. 2020, arXiv:2006.11239
 */
export function computeAlphasCumprod({ trainTimesteps, betaStart, betaEnd }: Pick<Schedule, 'trainTimesteps' | 'betaStart' | 'betaEnd'>): Float64Array {
  const alphasCumprod = new Float64Array(trainTimesteps);
  const step = trainTimesteps > 1 ? (betaEnd - betaStart) / (trainTimesteps - 1) : 0;
  let product = 1;
  for (let t = 0; t < trainTimesteps; t++) {
    product *= 1 - (betaStart + t * step);
    alphasCumprod[t] = product;
  }
  return alphasCumprod;
}
