/** Degraded pixels and a piece of the residual -> restored pixels. The only place that knows the residual's sign. */
import type { ResidualSign } from '../graph/model-spec.ts';
import { colourChannels, type Pixels, toSample, whiteLevel } from '../image/pixels.ts';
import type { ResidualPatch } from '../tiling/blend.ts';

/**
 * restored = clip(degraded - strength * residual, 0, 1), rounded to the samples' own depth, written into `restored` under the patch. A
 * residual of 0 gives the input's samples. Grey takes the mean over R, G and B; alpha is copied.
 * @param sign what the residual estimates; `clean-minus-degraded` is added instead of subtracted
 */
export function subtractResidual(degraded: Pixels, patch: ResidualPatch, strength: number, restored: Pixels, sign: ResidualSign): void {
  const { data, width, channels } = degraded;
  const { planes, strideW, strideH } = patch;
  const colours = colourChannels(degraded);
  const white = whiteLevel(degraded);
  const scale = (sign === 'degraded-minus-clean' ? strength : -strength) * white;
  const area = strideH * strideW;
  const target = restored.data;
  for (let y = 0; y < patch.height; y++) {
    let sample = ((patch.top + y) * width + patch.left) * channels;
    let at = y * strideW;
    for (let x = 0; x < patch.width; x++, at++, sample += channels) {
      if (colours === 3) {
        target[sample] = toSample((data[sample] as number) - scale * (planes[at] as number), white);
        target[sample + 1] = toSample((data[sample + 1] as number) - scale * (planes[at + area] as number), white);
        target[sample + 2] = toSample((data[sample + 2] as number) - scale * (planes[at + 2 * area] as number), white);
      } else {
        const residual = ((planes[at] as number) + (planes[at + area] as number) + (planes[at + 2 * area] as number)) / 3;
        target[sample] = toSample((data[sample] as number) - scale * residual, white);
      }
      if (channels > colours) target[sample + colours] = data[sample + colours] as number;
    }
  }
}
