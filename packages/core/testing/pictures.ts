/** Pictures for tests, made on the spot: samples from a fixed pattern, files by sharp. */
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { createNodeCodec } from '../src/adapter/codec-node.ts';
import type { Pixels } from '../src/image/pixels.ts';
import { sniffImage } from '../src/image/sniff.ts';
import { DEFAULT_LIMITS, type OutputFormat } from '../src/options.ts';
import { hash32 } from '../src/tensor/gaussian-noise.ts';

/** A smooth ramp with fine grain, different in every channel; deterministic. */
export function paintPixels(width: number, height: number, channels: 1 | 2 | 3 | 4 = 3, bitDepth: 8 | 16 = 8): Pixels {
  const length = width * height * channels;
  const data = bitDepth === 8 ? new Uint8Array(length) : new Uint16Array(length);
  const white = bitDepth === 8 ? 255 : 65535;
  for (let i = 0; i < length; i++) {
    const pixel = Math.floor(i / channels);
    const ramp = ((pixel % width) / width + Math.floor(pixel / width) / height + (i % channels) / channels) / 3;
    data[i] = Math.round(white * (0.1 + 0.7 * ramp + (0.15 * (hash32(i) >>> 16)) / 65536));
  }
  return { width, height, channels, data };
}

/** Pixels -> a file, without any of our own code between. */
export async function encodePicture(
  pixels: Pixels,
  format: OutputFormat | 'gif' | 'tiff',
  change: (image: Sharp) => Sharp = (image) => image,
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels, data } = pixels;
  const grey = channels <= 2;
  const deep = data instanceof Uint16Array;
  const image = sharp(data, { raw: { width, height, channels } }).toColourspace(deep ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb');
  const lossless = {
    png: () => image.png(),
    tiff: () => image.tiff(),
    gif: () => image.gif(),
    jpeg: () => image.jpeg({ quality: 95 }),
    webp: () => image.webp({ lossless: true }),
    avif: () => image.avif({ lossless: true }),
  };
  return new Uint8Array(await change(lossless[format]()).toBuffer());
}

/** A file -> its pixels, upright, by our codec. */
export async function decodePicture(file: Uint8Array): Promise<Pixels> {
  const { format } = sniffImage(file, DEFAULT_LIMITS);
  return (await createNodeCodec().decode(file, { format, maxPixels: DEFAULT_LIMITS.maxPixels, maxSidePx: DEFAULT_LIMITS.maxSidePx })).pixels;
}

/** The samples of two pictures of one kind: the largest difference between them. */
export function largestDifference(a: Pixels, b: Pixels): number {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels || a.data.constructor !== b.data.constructor)
    throw new Error(`Pictures differ in kind: ${a.width}x${a.height}x${a.channels} and ${b.width}x${b.height}x${b.channels}.`);
  let worst = 0;
  for (let i = 0; i < a.data.length; i++) worst = Math.max(worst, Math.abs((a.data[i] as number) - (b.data[i] as number)));
  return worst;
}

/** Signature, IHDR and nothing more: 33 bytes that promise any size. */
export function writePngHeader(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  bytes.set([8, 2, 0, 0, 0], 24);
  return bytes;
}

/**
 * Upright pixels -> what a camera stores under an EXIF orientation. The tag says where the stored row 0 and column 0 lie in the upright
 * picture: 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
 */
export function storeUnderOrientation(upright: Pixels, orientation: number): Pixels {
  const { width, height, channels } = upright;
  const turned = orientation >= 5;
  const stored = { width: turned ? height : width, height: turned ? width : height, channels, data: new Uint8Array(upright.data.length) };
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBottom = [3, 4, 7, 8].includes(orientation);
  for (let row = 0; row < stored.height; row++)
    for (let column = 0; column < stored.width; column++) {
      const [x, y] = turned ? [row, column] : [column, row];
      const from = ((fromBottom ? height - 1 - y : y) * width + (fromRight ? width - 1 - x : x)) * channels;
      for (let c = 0; c < channels; c++) stored.data[(row * stored.width + column) * channels + c] = upright.data[from + c] as number;
    }
  return stored;
}

/** A picture of the samples folder brought to a size: real weather, for which a network has something to say. */
export async function readSample(name: string, width: number, height: number): Promise<Pixels> {
  const path = fileURLToPath(new URL(`../../../samples/${name}`, import.meta.url));
  const data = await sharp(path).resize(width, height, { fit: 'cover' }).raw().toBuffer();
  return { width, height, channels: 3, data: new Uint8Array(data) };
}
