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

/** A step and the timestep the network is told. */
export type TimedStep = DdimStep & { readonly timestep: number };

/**
 * One deterministic DDIM update (eta = 0). The noise estimate takes the prediction before it is clipped, as the reference does.
 * @param noisyResidual     x_t, [1,3,H,W]
 * @param predictedResidual x̂_0, same dims
 * @param target            where x_tPrev goes; may be the memory of either input. @default new memory, the inputs are not changed
 * @returns x_tPrev
 * @throws RestoreError `dims-mismatch`
 * Source: Song et al. 2020 (arXiv:2010.02502), formula (12).
 */
export function ddimStep(
  noisyResidual: Tensor<'NCHW'>,
  predictedResidual: Tensor<'NCHW'>,
  { alphaCumprod, alphaCumprodPrev, clip }: DdimStep,
  target: Float32Array = new Float32Array(noisyResidual.data.length),
): Tensor<'NCHW'> {
  assertDims('predictedResidual', predictedResidual, 'NCHW', noisyResidual.dims);
  const next = tensor('NCHW', noisyResidual.dims, target);
  const { signalScale, noiseScale, predictedScale } = ddimScales({ alphaCumprod, alphaCumprodPrev });
  const noisy = noisyResidual.data;
  const predicted = predictedResidual.data; // same dims, checked above
  // The clip stands in the loops themselves: as a function it is not always inlined, and then every number it gives is an object on the heap.
  if (noiseScale === 0) {
    for (let i = 0; i < target.length; i++) target[i] = signalScale * Math.max(-clip, Math.min(clip, predicted[i] as number));
  } else {
    for (let i = 0; i < target.length; i++) {
      const x0 = predicted[i] as number;
      target[i] = signalScale * Math.max(-clip, Math.min(clip, x0)) + noiseScale * (noisy[i] as number) - predictedScale * x0;
    }
  }
  return next;
}

/**
 * x_tPrev = signalScale * clip(x̂_0) + noiseScale * x_t - predictedScale * x̂_0, where the last two are √(1 - ᾱ_tPrev) times the noise estimate
 * (x_t - √ᾱ_t x̂_0) / √(1 - ᾱ_t).
 */
export function ddimScales({ alphaCumprod, alphaCumprodPrev }: Omit<DdimStep, 'clip'>): {
  readonly signalScale: number;
  readonly noiseScale: number;
  readonly predictedScale: number;
} {
  const noiseScale = Math.sqrt(1 - alphaCumprodPrev) / Math.sqrt(1 - alphaCumprod);
  return { signalScale: Math.sqrt(alphaCumprodPrev), noiseScale, predictedScale: noiseScale * Math.sqrt(alphaCumprod) };
}
