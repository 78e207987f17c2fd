/** A window of pixels -> RGB planes of floats, with alpha set aside; the index rules at the border belong to the caller. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { colourChannels, type Pixels, whiteLevel } from './pixels.ts';

/**
 * Reads rows and columns by index: entry [y,x] of the result is the pixel (rows[y], columns[x]). Grey is repeated in R, G and B; alpha
 * is left out.
 * @returns [1,3,rows.length,columns.length], RGB in [0,1]
 */
export function gatherPlanes(pixels: Pixels, rows: Int32Array, columns: Int32Array): Tensor<'NCHW'> {
  const planes = new Float32Array(3 * rows.length * columns.length);
  writePlanes(pixels, rows, columns, planes);
  return tensor('NCHW', [1, 3, rows.length, columns.length], planes);
}

/** Like `gatherPlanes`, into `target` from its start. */
export function writePlanes(pixels: Pixels, rows: Int32Array, columns: Int32Array, target: Float32Array): void {
  const { data, width, channels } = pixels;
  const step = colourChannels(pixels) === 3 ? 1 : 0; // grey: G and B read the same sample as R
  const area = rows.length * columns.length;
  const scale = 1 / whiteLevel(pixels);
  for (let y = 0, at = 0; y < rows.length; y++) {
    const start = (rows[y] as number) * width * channels;
    for (let x = 0; x < columns.length; x++, at++) {
      const sample = start + (columns[x] as number) * channels;
      target[at] = (data[sample] as number) * scale;
      target[at + area] = (data[sample + step] as number) * scale;
      target[at + 2 * area] = (data[sample + 2 * step] as number) * scale;
    }
  }
}
