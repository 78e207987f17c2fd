/** Pixels -> a smaller (or larger) picture by area averaging, as floats; read row by row, so that no full-size float picture exists. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { colourChannels, type Pixels, whiteLevel } from './pixels.ts';

/**
 * Area averaging, separable: output cell i covers the interval [i, i+1) * (in / out) of the input, and each input sample weighs by the
 * length of its overlap. Alpha is left out; grey is repeated in R, G and B.
 * @returns [1,3,height,width], RGB in [0,1]
 */
export function averageArea(pixels: Pixels, size: { readonly height: number; readonly width: number }): Tensor<'NCHW'> {
  const { data, channels } = pixels;
  const colours = colourChannels(pixels);
  const rows = coverInterval(pixels.height, size.height);
  const columns = coverInterval(pixels.width, size.width);
  const cells = new Float64Array(colours * size.height * size.width);
  const line = new Float64Array(colours * size.width);
  const rowLength = pixels.width * channels;

  let firstOpen = 0; // the first output row that input rows from here on can still reach
  for (let y = 0; y < pixels.height; y++) {
    averageLine(data, y * rowLength, channels, colours, columns, line);
    while ((rows.last[firstOpen] as number) < y) firstOpen++;
    for (let i = firstOpen; i < size.height && (rows.first[i] as number) <= y; i++) {
      const weight = weightAt(rows, i, y) * rows.scale;
      const at = i * line.length;
      for (let k = 0; k < line.length; k++) cells[at + k] = (cells[at + k] as number) + weight * (line[k] as number);
    }
  }
  return toPlanes(cells, colours, size, (columns.scale as number) / whiteLevel(pixels));
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
      let sum = firstWeight * (data[first + c] as number);
      for (let at = first + channels; at < last; at += channels) sum += data[at + c] as number;
      if (last > first) sum += lastWeight * (data[last + c] as number);
      line[out++] = sum;
    }
  }
}

function toPlanes(cells: Float64Array, colours: 1 | 3, size: { readonly height: number; readonly width: number }, scale: number): Tensor<'NCHW'> {
  const area = size.height * size.width;
  const planes = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) for (let i = 0; i < area; i++) planes[c * area + i] = (cells[i * colours + (colours === 3 ? c : 0)] as number) * scale;
  return tensor('NCHW', [1, 3, size.height, size.width], planes);
}
