/** A picture and its restoration, both reduced -> the residual as a linear function of the picture, neighbourhood by neighbourhood, and what that leaves. */
import { colourChannels, type Pixels, whiteLevel } from '../image/pixels.ts';
import type { Span } from '../tiling/tile-grid.ts';

/** Neighbourhoods are squares of 2 * 6 + 1 reduced pixels a side, as far as they lie within the picture. */
export const REACH_PX = 6;
/** Variance, of samples in [0,1], below which a neighbourhood is too even to have a slope. */
const EVEN_VARIANCE = 1e-4;

/** For each row, colour and column of a band: residual = slope * sample + offset, in [0,1] of the samples' range; [rows,colours,width] each. */
export type LinearResidual = { readonly slopes: Float32Array; readonly offsets: Float32Array };

/**
 * The least-squares line through (degraded, degraded - restored) of every neighbourhood of a colour, its slope drawn towards 0 where the picture is even,
 * averaged over the neighbourhoods that a pixel is in: guided filtering (He, Sun, Tang 2010), the picture being the guide of its own residual. Haze,
 * I = J t + A (1 - t), is such a line wherever t and A hardly change. A residual of zero gives zeros.
 * @param degraded the reduced picture, samples of 16 bits
 * @param restored the same size and kind
 * @param rows     the band wanted; its numbers do not depend on where it begins
 * @param remainder whether what the lines leave of the residual is put into the offsets, so that at every reduced pixel the residual comes out whole
 */
export function fitLinearResidual(degraded: Pixels, restored: Pixels, rows: Span, remainder: boolean): LinearResidual {
  const { width, height } = degraded;
  const colours = colourChannels(degraded);
  const white = whiteLevel(degraded);
  const band = (rows.end - rows.start) * colours * width;
  const fit = { slopes: new Float32Array(band), offsets: new Float32Array(band) };
  const reached = { start: Math.max(0, rows.start - REACH_PX), end: Math.min(height, rows.end + REACH_PX) };
  for (let c = 0; c < colours; c++) {
    const lines = fitLines(degraded, restored, reached, c);
    const slopes = averageSquares(lines.slopes, width, height, reached, rows);
    const offsets = averageSquares(lines.offsets, width, height, reached, rows);
    for (let y = rows.start; y < rows.end; y++)
      for (let x = 0; x < width; x++) {
        const from = (y - rows.start) * width + x;
        const to = ((y - rows.start) * colours + c) * width + x;
        const sample = (y * width + x) * colours + c;
        const value = degraded.data[sample] as number;
        const slope = slopes[from] as number;
        fit.slopes[to] = slope;
        fit.offsets[to] = remainder ? (value - (restored.data[sample] as number) - slope * value) / white : (offsets[from] as number);
      }
  }
  return fit;
}

/** The line of the neighbourhood around every pixel of these rows, for one colour: [rows,width] each. */
function fitLines(degraded: Pixels, restored: Pixels, rows: Span, c: number): { readonly slopes: Float64Array; readonly offsets: Float64Array } {
  const { width, height } = degraded;
  const colours = colourChannels(degraded);
  const white = whiteLevel(degraded);
  const slopes = new Float64Array((rows.end - rows.start) * width);
  const offsets = new Float64Array(slopes.length);
  // Sums of whole numbers below 2^53 are exact, so it does not matter where a band begins.
  const columns = { y: new Float64Array(width), r: new Float64Array(width), yy: new Float64Array(width), yr: new Float64Array(width) };
  const take = (row: number, sign: 1 | -1): void => {
    if (row < 0 || row >= height) return;
    for (let x = 0, sample = row * width * colours + c; x < width; x++, sample += colours) {
      const value = degraded.data[sample] as number;
      const residual = value - (restored.data[sample] as number);
      columns.y[x] = (columns.y[x] as number) + sign * value;
      columns.r[x] = (columns.r[x] as number) + sign * residual;
      columns.yy[x] = (columns.yy[x] as number) + sign * value * value;
      columns.yr[x] = (columns.yr[x] as number) + sign * value * residual;
    }
  };
  for (let row = rows.start - REACH_PX; row < rows.start + REACH_PX; row++) take(row, 1);
  for (let y = rows.start, at = 0; y < rows.end; y++) {
    take(y + REACH_PX, 1);
    const tall = Math.min(height, y + REACH_PX + 1) - Math.max(0, y - REACH_PX);
    let [sumY, sumR, sumYY, sumYR] = [0, 0, 0, 0];
    const add = (x: number, sign: 1 | -1): void => {
      if (x < 0 || x >= width) return;
      sumY += sign * (columns.y[x] as number);
      sumR += sign * (columns.r[x] as number);
      sumYY += sign * (columns.yy[x] as number);
      sumYR += sign * (columns.yr[x] as number);
    };
    for (let x = 0; x < REACH_PX; x++) add(x, 1);
    for (let x = 0; x < width; x++, at++) {
      add(x + REACH_PX, 1);
      const count = tall * (Math.min(width, x + REACH_PX + 1) - Math.max(0, x - REACH_PX));
      const slope = (count * sumYR - sumY * sumR) / (count * sumYY - sumY * sumY + count * count * EVEN_VARIANCE * white * white);
      slopes[at] = slope;
      offsets[at] = (sumR - slope * sumY) / (count * white);
      add(x - REACH_PX, -1);
    }
    take(y - REACH_PX, -1);
  }
  return { slopes, offsets };
}

/** Means over the same squares: values [given rows,width] -> [wanted rows,width]. */
function averageSquares(values: Float64Array, width: number, height: number, given: Span, wanted: Span): Float32Array {
  const means = new Float32Array((wanted.end - wanted.start) * width);
  const column = new Float64Array(width);
  for (let y = wanted.start, at = 0; y < wanted.end; y++) {
    const [top, bottom] = [Math.max(0, y - REACH_PX), Math.min(height, y + REACH_PX + 1)];
    column.fill(0);
    for (let row = top; row < bottom; row++)
      for (let x = 0, from = (row - given.start) * width; x < width; x++, from++) column[x] = (column[x] as number) + (values[from] as number);
    let sum = 0;
    for (let x = 0; x < Math.min(REACH_PX, width); x++) sum += column[x] as number;
    for (let x = 0; x < width; x++, at++) {
      const [left, right] = [Math.max(0, x - REACH_PX), Math.min(width, x + REACH_PX + 1)];
      if (x + REACH_PX < width) sum += column[x + REACH_PX] as number;
      means[at] = sum / ((bottom - top) * (right - left));
      if (x >= REACH_PX) sum -= column[x - REACH_PX] as number;
    }
  }
  return means;
}
