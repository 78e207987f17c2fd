/** Degraded pixels and a piece of the residual -> restored pixels. The only place that knows the residual's sign. */
import type { ResidualSign } from '../graph/model-spec.ts';
import { colourChannels, type Pixels, whiteLevel } from '../image/pixels.ts';
import type { ResidualRow } from '../tiling/blend.ts';

/**
 * restored = clip(degraded - strength * residual, 0, 1), rounded to the samples' own depth, written into `restored` under the row; what of the row
 * lies past the picture is left out. A residual of 0 gives the input's samples. Grey takes the mean over R, G and B; alpha is copied.
 * @param sign what the residual estimates; `clean-minus-degraded` is added instead of subtracted
 */
export function subtractResidual(degraded: Pixels, row: ResidualRow, strength: number, restored: Pixels, sign: ResidualSign): void {
  const { data, width, height, channels } = degraded;
  const { y, left, lines, stride } = row;
  if (y >= height) return;
  const colours = colourChannels(degraded);
  const white = whiteLevel(degraded);
  const scale = (sign === 'degraded-minus-clean' ? strength : -strength) * white;
  const target = restored.data;
  const start = (y * width + left) * channels;
  const end = (y * width + Math.min(width, left + row.width)) * channels;
  // Clipping stands in the loops themselves: what a function gives may be an object on the heap. Integer arrays cut off what stands behind the point.
  if (colours === 3) {
    for (let c = 0; c < 3; c++)
      for (let sample = start + c, at = c * stride; sample < end; sample += channels, at++)
        target[sample] = Math.max(0, Math.min(white, (data[sample] as number) - scale * (lines[at] as number))) + 0.5;
  } else {
    for (let sample = start, at = 0; sample < end; sample += channels, at++) {
      const residual = ((lines[at] as number) + (lines[at + stride] as number) + (lines[at + 2 * stride] as number)) / 3;
      target[sample] = Math.max(0, Math.min(white, (data[sample] as number) - scale * residual)) + 0.5;
    }
  }
  if (channels > colours) for (let sample = start + colours; sample < end; sample += channels) target[sample] = data[sample] as number;
}
