/** One step of the sampler: x_t and the network's estimate of the clean residual -> x_tPrev. */
import { assertDims, type Tensor, tensor } from '../tensor/tensor.ts';

/** ᾱ before and after the step, and the range predictions are clipped to. */
export type DdimStep = {
  /** ᾱ_t, below 1. */
  readonly alphaCumprod: number;
  /** ᾱ_tPrev; 1 means "to the clean residual". */
  readonly alphaCumprodPrev: number;
  /** x̂_0 is clipped to [-clip, clip]. */
  readonly clip: number;
};

/**
 * One deterministic DDIM update (eta = 0). The noise estimate takes the prediction before it is clipped, as the reference does.
 * @param noisyResidual     x_t, [1,3,H,W]
 * @param predictedResidual x̂_0, same dims
 * @returns x_tPrev, a new tensor; inputs are not changed
 * @throws RestoreError `dims-mismatch`
 * Source: Song et al. 2020 (arXiv:2010.02502), formula (12).
 */
export function ddimStep(noisyResidual: Tensor<'NCHW'>, predictedResidual: Tensor<'NCHW'>, { alphaCumprod, alphaCumprodPrev, clip }: DdimStep): Tensor<'NCHW'> {
  assertDims('predictedResidual', predictedResidual, 'NCHW', noisyResidual.dims);
  const signalScale = Math.sqrt(alphaCumprod);
  const noiseScale = Math.sqrt(1 - alphaCumprod);
  const signalScalePrev = Math.sqrt(alphaCumprodPrev);
  const noiseScalePrev = Math.sqrt(1 - alphaCumprodPrev);
  const next = new Float32Array(noisyResidual.data.length);
  for (let i = 0; i < next.length; i++) {
    const predicted = predictedResidual.data[i] as number; // same dims, checked above
    const noise = ((noisyResidual.data[i] as number) - signalScale * predicted) / noiseScale;
    next[i] = signalScalePrev * Math.max(-clip, Math.min(clip, predicted)) + noiseScalePrev * noise;
  }
  return tensor('NCHW', noisyResidual.dims, next);
}
