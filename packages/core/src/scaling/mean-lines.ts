/** One residual as lines at several sizes -> the mean of the lines, at the largest of them. */
import { colourChannels, type Pixels } from '../image/pixels.ts';
import type { SizePx } from '../report.ts';
import { mixColumns, mixRows, planNeighbours } from './bilinear.ts';
import type { ReducedLines } from './enlarge-residual.ts';
import { fitLinearResidual, type LinearResidual } from './linear-residual.ts';

/** The mean so far, [height,colours,width]; sizes and colours stay the same. */
export type MeanLines = ReducedLines & { add(degraded: Pixels, restored: Pixels): void };

/**
 * @param size where the mean is held
 * @param colours 1 or 3, those of the pictures that are added
 * @param count how many are added: each weighs 1 / count
 */
export function createMeanLines({ width, height }: SizePx, colours: 1 | 3, count: number): MeanLines {
  const row = colours * width;
  const mean: LinearResidual = { slopes: new Float32Array(height * row), offsets: new Float32Array(height * row) };
  return {
    width,
    height,
    of: ({ start, end }) => ({ slopes: mean.slopes.subarray(start * row, end * row), offsets: mean.offsets.subarray(start * row, end * row) }),
    add(degraded, restored) {
      if (colourChannels(degraded) !== colours) throw new Error(`Lines of ${colours} colours, got a picture of ${colourChannels(degraded)}.`);
      const fit = fitLinearResidual(degraded, restored, { start: 0, end: degraded.height }, false);
      const line = { slopes: new Float64Array(colours * degraded.width), offsets: new Float64Array(colours * degraded.width) };
      const down = planNeighbours({ start: 0, end: height }, height, degraded.height);
      const across = planNeighbours({ start: 0, end: width }, width, degraded.width);
      for (let y = 0; y < height; y++) {
        mixRows(fit, down.before[y] as number, down.after[y] as number, down.share[y] as number, line);
        for (let c = 0; c < colours; c++)
          for (let x = 0; x < width; x++) {
            const [a, b] = [c * degraded.width + (across.before[x] as number), c * degraded.width + (across.after[x] as number)];
            const [share, at] = [across.share[x] as number, y * row + c * width + x];
            mean.slopes[at] = (mean.slopes[at] as number) + mixColumns(line.slopes, a, b, share) / count;
            mean.offsets[at] = (mean.offsets[at] as number) + mixColumns(line.offsets, a, b, share) / count;
          }
      }
    },
  };
}
