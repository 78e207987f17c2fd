/** Pixels -> a smaller (or larger) picture by area averaging, as floats; read row by row, so that no full-size float picture exists. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { colourChannels, type Pixels, whiteLevel } from './pixels.ts';

type Size = { readonly height: number; readonly width: number };

/**
 * Area averaging, separable: output cell i covers the interval [i, i+1) * (in / out) of the input, and each input sample weighs by the
 * length of its overlap. Alpha is left out; grey is repeated in R, G and B.
 * @returns [1,3,height,width], RGB in [0,1]
 */
export function averageArea(pixels: Pixels, size: Size): Tensor<'NCHW'> {
  const colours = colourChannels(pixels);
  const white = whiteLevel(pixels);
  const area = size.height * size.width;
  const planes = new Float32Array(3 * area);
  averageRows(pixels, size, (y, row) => {
    for (let c = 0; c < 3; c++)
      for (let x = 0; x < size.width; x++) planes[c * area + y * size.width + x] = (row[x * colours + (colours === 3 ? c : 0)] as number) / white;
  });
  return tensor('NCHW', [1, 3, size.height, size.width], planes);
}

/**
 * The same with 16-bit samples, for pictures too large to be held as floats: alpha is left out, grey stays one channel.
 * Holds no more than the rows that are open.
 */
export function shrinkPixels(pixels: Pixels, size: Size): Pixels {
  const channels = colourChannels(pixels);
  const data = new Uint16Array(channels * size.height * size.width);
  const scale = 65535 / whiteLevel(pixels);
  averageRows(pixels, size, (y, row) => {
    const start = y * row.length;
    for (let k = 0; k < row.length; k++) data[start + k] = scale * (row[k] as number) + 0.5; // integer arrays cut off what stands behind the point
  });
  return { ...size, channels, data };
}

/** Averages row by row, from the top: [width,colours] in the units of the samples, in memory that is used again. */
function averageRows(pixels: Pixels, size: Size, emit: (y: number, row: Float64Array) => void): void {
  const { data, channels } = pixels;
  const colours = colourChannels(pixels);
  const rows = coverInterval(pixels.height, size.height);
  const columns = coverInterval(pixels.width, size.width);
  const line = new Float64Array(colours * size.width);
  const rowLength = pixels.width * channels;
  const open: Float64Array[] = []; // sums of the output rows from `firstOpen` on
  const spare: Float64Array[] = [];
  let firstOpen = 0;
  for (let y = 0; y < pixels.height; y++) {
    averageLine(data, y * rowLength, channels, colours, columns, line);
    for (let i = firstOpen; i < size.height && (rows.first[i] as number) <= y; i++) {
      const sums = open[i - firstOpen] ?? (spare.pop() ?? new Float64Array(line.length)).fill(0);
      open[i - firstOpen] = sums;
      const weight = weightAt(rows, i, y) * rows.scale * columns.scale;
      for (let k = 0; k < line.length; k++) sums[k] = (sums[k] as number) + weight * (line[k] as number);
    }
    while (firstOpen < size.height && (rows.last[firstOpen] as number) <= y) {
      const finished = open.shift() as Float64Array; // opened above, for it begins no later than it ends
      emit(firstOpen++, finished);
      spare.push(finished);
    }
  }
}

/** Which input samples an output cell covers: first to last, whole between them, and how much of the two ends. */
type Cover = {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly firstWeight: Float64Array;
  readonly lastWeight: Float64Array;
  /** out / in: makes a weighted sum an average. */
  readonly scale: number;
};

function coverInterval(input: number, output: number): Cover {
  const cover = {
    first: new Int32Array(output),
    last: new Int32Array(output),
    firstWeight: new Float64Array(output),
    lastWeight: new Float64Array(output),
    scale: output / input,
  };
  for (let i = 0; i < output; i++) {
    const from = (i * input) / output;
    const to = ((i + 1) * input) / output;
    const first = Math.floor(from);
    const last = Math.max(first, Math.ceil(to) - 1);
    cover.first[i] = first;
    cover.last[i] = last;
    cover.firstWeight[i] = Math.min(first + 1, to) - from;
    cover.lastWeight[i] = last === first ? 0 : to - last;
  }
  return cover;
}

function weightAt(cover: Cover, i: number, sample: number): number {
  if (sample === cover.first[i]) return cover.firstWeight[i] as number;
  if (sample === cover.last[i]) return cover.lastWeight[i] as number;
  return 1;
}

/** One input row -> weighted sums [width,colours] of the output columns. */
function averageLine(data: Pixels['data'], start: number, channels: number, colours: 1 | 3, columns: Cover, line: Float64Array): void {
  for (let j = 0, out = 0; j < columns.first.length; j++) {
    const first = start + (columns.first[j] as number) * channels;
    const last = start + (columns.last[j] as number) * channels;
    const firstWeight = columns.firstWeight[j] as number;
    const lastWeight = columns.lastWeight[j] as number;
    for (let c = 0; c < colours; c++) {
      let whole = 0; // stays an integer, whose sums are fast and exact
      for (let at = first + channels + c; at < last; at += channels) whole += data[at] as number;
      const ends = firstWeight * (data[first + c] as number) + (last > first ? lastWeight * (data[last + c] as number) : 0);
      line[out++] = ends + whole;
    }
  }
}
