/** One step of the sampler: x_t and the network's estimate of the clean residual -> x_tPrev. */
import { notFinite } from '../graph/run-graph.ts';
import { assertDims, type Tensor, tensor } from '../tensor/tensor.ts';
import type { ReadTileRow } from '../tiling/blend.ts';

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
 * @returns x_tPrev, a new tensor; the inputs are not changed
 * @throws RestoreError `dims-mismatch`; `backend-failed` when a prediction is not finite
 * Source: Song et al. 2020 (arXiv:2010.02502), formula (12).
 */
export function ddimStep(noisyResidual: Tensor<'NCHW'>, predictedResidual: Tensor<'NCHW'>, step: DdimStep): Tensor<'NCHW'> {
  assertDims('predictedResidual', predictedResidual, 'NCHW', noisyResidual.dims);
  const next = tensor('NCHW', noisyResidual.dims, new Float32Array(noisyResidual.data.length));
  updateSpan(noisyResidual.data, predictedResidual.data, 0, planSpan(step), next.data, 0, next.data.length);
  return next;
}

/**
 * The same, row by row, as rows are asked for.
 * @param noisyResidual x_t; none is needed where the step goes to ᾱ = 1, for there it has no weight
 * @throws RestoreError `dims-mismatch`, or RangeError where x_t is needed; when a row is read, `backend-failed` if a prediction in it is not finite
 */
export function ddimRows(noisyResidual: Tensor<'NCHW'> | undefined, predictedResidual: Tensor<'NCHW'>, step: DdimStep): ReadTileRow {
  if (noisyResidual !== undefined) assertDims('predictedResidual', predictedResidual, 'NCHW', noisyResidual.dims);
  else if (step.alphaCumprodPrev < 1) throw new RangeError('Only the last step can do without x_t.');
  const [, , height, width] = predictedResidual.dims as readonly [number, number, number, number];
  const span = planSpan(step);
  const predicted = predictedResidual.data;
  const noisy = noisyResidual?.data ?? predicted; // any numbers will do
  return (y, left, lines, length) => {
    for (let c = 0; c < 3; c++) updateSpan(noisy, predicted, (c * height + y) * width + left, span, lines, c * length, length);
  };
}

type SpanUpdate = ReturnType<typeof ddimScales> & Pick<DdimStep, 'clip'>;

function planSpan(step: DdimStep): SpanUpdate {
  return { ...ddimScales(step), clip: step.clip };
}

/** `length` numbers, from `from` on in both inputs, from `to` on in the target. */
function updateSpan(
  noisy: Float32Array,
  predicted: Float32Array,
  from: number,
  { signalScale, noiseScale, predictedScale, clip }: SpanUpdate,
  target: Float32Array,
  to: number,
  length: number,
): void {
  let sum = 0; // finite only when all its terms are
  // The clip stands in the loops themselves: as a function it is not always inlined, and then every number it gives is an object on the heap.
  if (noiseScale === 0) {
    for (let i = 0; i < length; i++) {
      const x0 = predicted[from + i] as number;
      sum += x0;
      target[to + i] = signalScale * Math.max(-clip, Math.min(clip, x0));
    }
  } else {
    for (let i = 0; i < length; i++) {
      const x0 = predicted[from + i] as number;
      sum += x0;
      target[to + i] = signalScale * Math.max(-clip, Math.min(clip, x0)) + noiseScale * (noisy[from + i] as number) - predictedScale * x0;
    }
  }
  if (!Number.isFinite(sum)) throw notFinite('residual');
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
