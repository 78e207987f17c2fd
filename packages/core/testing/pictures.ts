/** Pictures for tests, made on the spot: samples from a fixed pattern, files by sharp. */
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
export async function encodePicture(pixels: Pixels, format: OutputFormat | 'gif' | 'tiff', change: (image: Sharp) => Sharp = (image) => image): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels, data } = pixels;
  const grey = channels <= 2;
  const deep = data instanceof Uint16Array;
  const image = sharp(data, { raw: { width, height, channels } }).toColourspace(deep ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb');
  const lossless = { png: () => image.png(), tiff: () => image.tiff(), gif: () => image.gif(), jpeg: () => image.jpeg({ quality: 95 }), webp: () => image.webp({ lossless: true }), avif: () => image.avif({ lossless: true }) };
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
