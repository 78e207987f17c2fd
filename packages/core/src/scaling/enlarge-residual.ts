/** A picture, and itself reduced, before and after restoration -> the picture restored in its own size, in bands of rows. */
import { colourChannels, type Pixels, toSample, whiteLevel } from '../image/pixels.ts';
import type { Span } from '../tiling/tile-grid.ts';
import { fitLinearResidual, type LinearResidual } from './linear-residual.ts';

/** The picture reduced, and the same restored; samples of 16 bits, colours only. */
export type ReducedRestoration = { readonly degraded: Pixels; readonly restored: Pixels };

/**
 * restored = clip(degraded - (slope * degraded + offset), 0, 1), slopes and offsets by bilinear enlargement with half-pixel centres, written into these
 * rows of `restored`. What the reduced restoration left alone comes back sample by sample; alpha is copied.
 * @param remainder as `fitLinearResidual` takes it
 */
export function enlargeResidual(degraded: Pixels, reduced: ReducedRestoration, rows: Span, remainder: boolean, restored: Pixels): void {
  const { width, height, channels, data } = degraded;
  const small = reduced.degraded;
  const colours = colourChannels(degraded);
  const white = whiteLevel(degraded);
  const target = restored.data;
  const down = planNeighbours(rows, height, small.height);
  const across = planNeighbours({ start: 0, end: width }, width, small.width);
  const band = { start: down.before[0] as number, end: (down.after.at(-1) as number) + 1 };
  const fit = fitLinearResidual(reduced.degraded, reduced.restored, band, remainder);

  const line = { slopes: new Float64Array(colours * small.width), offsets: new Float64Array(colours * small.width) };
  for (let y = rows.start; y < rows.end; y++) {
    const k = y - rows.start;
    mixRows(fit, (down.before[k] as number) - band.start, (down.after[k] as number) - band.start, down.share[k] as number, line);
    for (let x = 0, sample = y * width * channels; x < width; x++, sample += channels) {
      const share = across.share[x] as number;
      for (let c = 0; c < colours; c++) {
        const [a, b] = [c * small.width + (across.before[x] as number), c * small.width + (across.after[x] as number)];
        const slope = (line.slopes[a] as number) + share * ((line.slopes[b] as number) - (line.slopes[a] as number));
        const offset = (line.offsets[a] as number) + share * ((line.offsets[b] as number) - (line.offsets[a] as number));
        const value = data[sample + c] as number;
        target[sample + c] = toSample(value - slope * value - offset * white, white);
      }
      if (channels > colours) target[sample + colours] = data[sample + colours] as number;
    }
  }
}

/** For each output place the two inputs it lies between, and the share of the second. */
type Neighbours = { readonly before: Int32Array; readonly after: Int32Array; readonly share: Float64Array };

function planNeighbours(places: Span, output: number, input: number): Neighbours {
  const length = places.end - places.start;
  const plan = { before: new Int32Array(length), after: new Int32Array(length), share: new Float64Array(length) };
  for (let k = 0; k < length; k++) {
    const place = Math.min(input - 1, Math.max(0, ((places.start + k + 0.5) * input) / output - 0.5));
    const before = Math.floor(place);
    plan.before[k] = before;
    plan.after[k] = Math.min(input - 1, before + 1);
    plan.share[k] = place - before;
  }
  return plan;
}

/** Two rows of the band -> the row between them. */
function mixRows(
  fit: LinearResidual,
  before: number,
  after: number,
  share: number,
  line: { readonly slopes: Float64Array; readonly offsets: Float64Array },
): void {
  const length = line.slopes.length;
  const [a, b] = [before * length, after * length];
  for (let i = 0; i < length; i++) {
    const [slope, offset] = [fit.slopes[a + i] as number, fit.offsets[a + i] as number];
    line.slopes[i] = slope + share * ((fit.slopes[b + i] as number) - slope);
    line.offsets[i] = offset + share * ((fit.offsets[b + i] as number) - offset);
  }
}
