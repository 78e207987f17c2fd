/** A picture, and the lines of its residual at a smaller size -> the picture restored in its own size, in bands of rows. */
import { colourChannels, type Pixels, toSample, whiteLevel } from '../image/pixels.ts';
import type { SizePx } from '../report.ts';
import type { Span } from '../tiling/tile-grid.ts';
import { mixColumns, mixRows, planNeighbours } from './bilinear.ts';
import { fitLinearResidual, type LinearResidual } from './linear-residual.ts';

/** The residual of a reduced picture, as lines; any band of its rows. */
export type ReducedLines = SizePx & {
  of(rows: Span): LinearResidual;
  /** k of the curve v + k v (1 - v) that what the lines restore is exposed by, -1 to 1. @default 0 */
  readonly exposure?: number;
};

/** The picture reduced, and the same restored; samples of 16 bits, colours only. @param remainder as `fitLinearResidual` takes it */
export function linesOf(degraded: Pixels, restored: Pixels, remainder: boolean): ReducedLines {
  return { width: degraded.width, height: degraded.height, of: (rows) => fitLinearResidual(degraded, restored, rows, remainder) };
}

/**
 * restored = clip(degraded - (slope * degraded + offset), 0, 1), exposed; slopes and offsets by bilinear enlargement with half-pixel centres, written into these
 * rows of `restored`, which may be `degraded` itself. Unexposed, what the reduced restoration left alone comes back sample
 * by sample; alpha is copied.
 */
export function enlargeResidual(degraded: Pixels, small: ReducedLines, rows: Span, restored: Pixels): void {
  const { width, height, channels, data } = degraded;
  const colours = colourChannels(degraded);
  const white = whiteLevel(degraded);
  const target = restored.data;
  const bent = (small.exposure ?? 0) / white;
  const down = planNeighbours(rows, height, small.height);
  const across = planNeighbours({ start: 0, end: width }, width, small.width);
  const band = { start: down.before[0] as number, end: (down.after.at(-1) as number) + 1 };
  const fit = small.of(band);

  const line = { slopes: new Float64Array(colours * small.width), offsets: new Float64Array(colours * small.width) };
  for (let y = rows.start; y < rows.end; y++) {
    const k = y - rows.start;
    mixRows(fit, (down.before[k] as number) - band.start, (down.after[k] as number) - band.start, down.share[k] as number, line);
    for (let x = 0, sample = y * width * channels; x < width; x++, sample += channels) {
      const share = across.share[x] as number;
      for (let c = 0; c < colours; c++) {
        const [a, b] = [c * small.width + (across.before[x] as number), c * small.width + (across.after[x] as number)];
        const slope = mixColumns(line.slopes, a, b, share);
        const offset = mixColumns(line.offsets, a, b, share);
        const value = data[sample + c] as number;
        const clear = Math.min(white, Math.max(0, value - slope * value - offset * white));
        target[sample + c] = toSample(clear + bent * clear * (white - clear), white);
      }
      if (channels > colours) target[sample + colours] = data[sample + colours] as number;
    }
  }
}
