/** The codec port in a browser or a worker of one, by its own decoders and OffscreenCanvas: 8 bits, in sRGB or Display P3. */
import { RestoreError } from '../errors.ts';
import type { DecodedImage, DecodeOptions, EncodedImage, EncodeOptions, ImageCodec } from '../image/codec.ts';
import { type ContainerFacts, readContainerFacts } from '../image/container-facts.ts';
import { readMetadata, writeMetadata } from '../image/container-metadata.ts';
import type { PictureMetadata } from '../image/picture-metadata.ts';
import { assertPixels, type Pixels } from '../image/pixels.ts';
import { cutRgba } from '../image/rgba.ts';
import { checkSize } from '../image/sniff.ts';
import { turnUpright } from '../image/turn-upright.ts';
import { makeUpright, readOrientation } from '../image/upright-metadata.ts';
import type { OutputFormat } from '../options.ts';
import type { RestoreWarning } from '../report.ts';

/** Quality where the caller names none: the same as on Node. */
const DEFAULT_QUALITY: Readonly<Record<Exclude<OutputFormat, 'png'>, number>> = { jpeg: 92, webp: 90, avif: 65 };

/** Pixels that pass through a canvas at once: 16 MB of RGBA. Canvases the size of a large photograph fail on phones. */
const BAND_PIXELS = 4_194_304;

/** What `decode` hands to `encode`. */
type BrowserMetadata = {
  readonly kind: 'browser';
  /** Of the samples, where they are not in a profile that is kept. */
  readonly colorSpace: PredefinedColorSpace;
  readonly hadMetadata: boolean;
  readonly carried: PictureMetadata;
};

/**
 * A codec on this browser's decoders and encoders. Which containers it writes differs by browser and is found out here (JPEG and PNG everywhere,
 * WebP mostly, AVIF seldom).
 *
 * Colours: samples come as they stand in the file, and its profile is written again, as on Node. Where that cannot be (a browser that converts all
 * the same; profiles of grey, CMYK, AVIF or `cICP`) they are converted to Display P3 where canvases have it, else to sRGB, and the result is tagged
 * so. EXIF and XMP of JPEG, PNG and WebP are written again, upright; what is lost the report says. Where alpha is below 1, canvases hold colours
 * multiplied by it, so these are rounded.
 * @throws RestoreError `runtime-missing` where there is no OffscreenCanvas
 */
export async function createBrowserCodec(): Promise<ImageCodec> {
  if (typeof OffscreenCanvas === 'undefined' || typeof createImageBitmap === 'undefined')
    throw new RestoreError('runtime-missing', 'Expected a browser with OffscreenCanvas and createImageBitmap; use a newer one (Safari from 16.4 on).');
  const optional = await Promise.all((['webp', 'avif'] as const).map(async (format) => ((await canWrite(format)) ? [format] : [])));
  const keepsSamples = await canKeepSamples();
  return {
    outputFormats: ['jpeg', 'png', ...optional.flat()],
    decode: (bytes, options) => decodeInBrowser(bytes, options, keepsSamples),
    encode: encodeInBrowser,
  };
}

/** A browser that does not know a type writes PNG instead. */
async function canWrite(format: OutputFormat): Promise<boolean> {
  const canvas = new OffscreenCanvas(1, 1);
  if (canvas.getContext('2d') === null) return false;
  return (await canvas.convertToBlob({ type: `image/${format}` })).type === `image/${format}`;
}

/** Whether samples of a picture with a profile come as they stand when asked for: found out with one pixel in Display P3, for browsers do not tell. */
async function canKeepSamples(): Promise<boolean> {
  if (!canvasHas('display-p3')) return false;
  const colour = [200, 100, 50, 255];
  const pixel = new ImageData(Uint8ClampedArray.from(colour), 1, 1, { colorSpace: 'display-p3' });
  const { canvas, context } = openCanvas(1, 1, 'display-p3');
  context.putImageData(pixel, 0, 0);
  const bitmap = await createImageBitmap(await canvas.convertToBlob({ type: 'image/png' }), { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  const { data } = readBitmap(bitmap, 'srgb');
  bitmap.close();
  return data.every((sample, i) => Math.abs(sample - (colour[i] as number)) <= 1); // in sRGB it would be 213, 95, 31
}

/** EXIF of a picture on its side: big-endian, orientation 6 alone. */
const ON_ITS_SIDE = Uint8Array.of(...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1], ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0], ...[0, 0, 0, 0]);

/** Whether this browser heeds the EXIF orientation of a container: all do for JPEG, Chromium does not for WebP. Found out with two pixels. */
async function turnsByItself(format: DecodeOptions['format']): Promise<boolean> {
  if (format !== 'png' && format !== 'webp') return true; // of the others no EXIF is read here
  const size = { width: 2, height: 1 };
  const { canvas } = openCanvas(2, 1, 'srgb');
  const blob = await canvas.convertToBlob({ type: `image/${format}` });
  if (blob.type !== `image/${format}`) return true; // a browser that only reads it; those turn it
  const { bytes } = await writeMetadata(new Uint8Array(await blob.arrayBuffer()), format, { exif: ON_ITS_SIDE }, size);
  const bitmap = await createImageBitmap(new Blob([bytes], { type: blob.type }));
  const turned = bitmap.height === 2;
  bitmap.close();
  return turned;
}

async function decodeInBrowser(bytes: Uint8Array, options: DecodeOptions, keepsSamples: boolean): Promise<DecodedImage> {
  const { format, signal } = options;
  const facts = await readContainerFacts(bytes, format);
  // Browsers show half a picture as if it were whole; we do not.
  if (facts.endsEarly && format !== 'gif') refuseTruncated(format);
  const { icc, ...others } = await readMetadata(bytes, format);
  const own = facts.profile === 'other' && facts.colour === 'rgb' && icc !== undefined && isRgbProfile(icc) && keepsSamples ? icc : undefined;
  const wide = (facts.profile === 'other' && own === undefined) || facts.colour === 'cmyk';
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${format}` }), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: wide ? 'default' : 'none',
  }).catch((cause: unknown) => refuseImage(cause, facts, format));
  try {
    signal?.throwIfAborted();
    checkSize(bitmap.width, bitmap.height, options);
    const colorSpace = wide && facts.colour !== 'cmyk' && canvasHas('display-p3') ? 'display-p3' : 'srgb';
    const shown = facts.colour === 'grey' ? dropColour(readBitmap(bitmap, colorSpace)) : readBitmap(bitmap, colorSpace);
    const orientation = readOrientation(others);
    const pixels = orientation === 1 || (await turnsByItself(format)) ? shown : turnUpright(shown, orientation);
    const carried = { ...others, ...(own && { icc: Uint8Array.from(own) }) };
    const metadata: BrowserMetadata = { kind: 'browser', colorSpace, hadMetadata: facts.hasMetadata, carried };
    return { pixels, metadata, warnings: describeLosses(facts, colorSpace, wide) };
  } finally {
    bitmap.close();
  }
}

/** The colour space of its samples; ICC.1, 7.2.6. */
function isRgbProfile(icc: Uint8Array): boolean {
  return String.fromCharCode(...icc.subarray(16, 20)) === 'RGB ';
}

function describeLosses(facts: ContainerFacts, colorSpace: PredefinedColorSpace, converted: boolean): readonly RestoreWarning[] {
  const warnings: RestoreWarning[] = [];
  const space = colorSpace === 'srgb' ? 'sRGB' : 'Display P3';
  if (facts.animated) warnings.push({ code: 'animated', message: 'The picture has several frames; the first one was restored.' });
  if (facts.colour === 'cmyk') warnings.push({ code: 'colour-converted', message: 'The picture was cmyk; it was converted to sRGB.' });
  else if (converted) warnings.push({ code: 'colour-converted', message: `The picture has a colour profile of its own; it was converted to ${space}.` });
  if (facts.bitDepth === 16) warnings.push({ code: 'bit-depth-reduced', message: 'The picture has 16 bits a sample; a browser reads 8. Node keeps them.' });
  return warnings;
}

/** Band by band, so that no canvas is larger than it must be. Without alpha where every pixel is opaque. */
function readBitmap(bitmap: ImageBitmap, colorSpace: PredefinedColorSpace): Pixels {
  const { width, height } = bitmap;
  const bandHeight = Math.min(height, Math.max(1, Math.floor(BAND_PIXELS / width)));
  const context = openCanvas(width, bandHeight, colorSpace).context;
  let data = new Uint8Array(3 * width * height);
  let channels: 3 | 4 = 3;
  for (let top = 0; top < height; top += bandHeight) {
    const rows = Math.min(bandHeight, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const rgba = context.getImageData(0, 0, width, rows, { colorSpace }).data; // [rows,width,4]
    if (channels === 3 && !isOpaque(rgba)) {
      data = addAlpha(data, width * top, width * height);
      channels = 4;
    }
    if (channels === 4) data.set(rgba, 4 * width * top);
    else copyColours(rgba, data, 3 * width * top);
  }
  return { width, height, channels, data };
}

function isOpaque(rgba: Uint8ClampedArray): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false;
  return true;
}

function copyColours(rgba: Uint8ClampedArray, target: Uint8Array, start: number): void {
  for (let from = 0, to = start; from < rgba.length; from += 4, to += 3) {
    target[to] = rgba[from] as number;
    target[to + 1] = rgba[from + 1] as number;
    target[to + 2] = rgba[from + 2] as number;
  }
}

/** RGB of the first `count` pixels -> RGBA of all, opaque. */
function addAlpha(rgb: Uint8Array, count: number, pixels: number): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(4 * pixels).fill(255);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) rgba[4 * i + c] = rgb[3 * i + c] as number;
  return rgba;
}

/** The file is grey, so R = G = B: one of them is kept. */
function dropColour({ width, height, channels, data }: Pixels): Pixels {
  const kept = channels === 4 ? 2 : 1;
  const grey = new Uint8Array(kept * width * height);
  for (let i = 0; i < width * height; i++) {
    grey[kept * i] = data[channels * i] as number;
    if (kept === 2) grey[2 * i + 1] = data[4 * i + 3] as number;
  }
  return { width, height, channels: kept, data: grey };
}

const NO_METADATA: BrowserMetadata = { kind: 'browser', colorSpace: 'srgb', hadMetadata: false, carried: {} };

async function encodeInBrowser(pixels: Pixels, { format, quality, metadata, keep, signal }: EncodeOptions): Promise<EncodedImage> {
  assertPixels(pixels);
  const { width, height, data } = pixels;
  const { colorSpace, hadMetadata, carried } = isBrowserMetadata(metadata) ? metadata : NO_METADATA;
  const blob = await writeCanvas(pixels, format, quality, colorSpace).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RestoreError('encode-failed', `The ${width}x${height} picture could not be written as ${format}: ${reason}`, { cause, details: { format } });
  });
  signal?.throwIfAborted();
  const kept = keep === 'keep' ? makeUpright(carried, { width, height }) : { ...(carried.icc && { icc: carried.icc }) };
  const { bytes, lost } = await writeMetadata(new Uint8Array(await blob.arrayBuffer()), format, kept, { width, height });
  const warnings: RestoreWarning[] = [];
  if (keep === 'keep' && (lost.length > 0 || (hadMetadata && kept.exif === undefined && kept.xmp === undefined)))
    warnings.push({ code: 'metadata-lost', message: `EXIF or XMP could not be carried over to the ${format}.` });
  if (data instanceof Uint16Array) warnings.push({ code: 'bit-depth-reduced', message: `${format} was written with 8 bits a sample, the picture had 16.` });
  return { bytes, bitDepth: 8, warnings };
}

async function writeCanvas(pixels: Pixels, format: OutputFormat, quality: number | undefined, colorSpace: PredefinedColorSpace): Promise<Blob> {
  const { width, height } = pixels;
  const { canvas, context } = openCanvas(width, height, colorSpace, pixels.channels % 2 === 0);
  const bandHeight = Math.max(1, Math.floor(BAND_PIXELS / width));
  for (let y = 0; y < height; y += bandHeight) {
    const rows = Math.min(bandHeight, height - y);
    context.putImageData(new ImageData(cutRgba(pixels, { x: 0, y, width, height: rows }), width, rows, { colorSpace }), 0, y);
  }
  const asked = format === 'png' ? undefined : (quality ?? DEFAULT_QUALITY[format]);
  const blob = await canvas.convertToBlob({ type: `image/${format}`, ...(asked === undefined ? {} : { quality: asked / 100 }) });
  if (blob.type !== `image/${format}`) throw new Error(`this browser wrote ${blob.type} instead`);
  return blob;
}

function openCanvas(
  width: number,
  height: number,
  colorSpace: PredefinedColorSpace,
  alpha = true,
): { readonly canvas: OffscreenCanvas; readonly context: OffscreenCanvasRenderingContext2D } {
  const canvas = new OffscreenCanvas(width, height);
  // In main memory: on the GPU every reading back would cost a copy.
  const context = canvas.getContext('2d', { alpha, colorSpace, willReadFrequently: true });
  if (context === null) throw new RestoreError('too-large', `This browser has no canvas of ${width}x${height} pixels; make the picture smaller.`);
  return { canvas, context };
}

function canvasHas(colorSpace: PredefinedColorSpace): boolean {
  const context = openCanvas(1, 1, colorSpace).context as { getContextAttributes?(): CanvasRenderingContext2DSettings }; // TypeScript's library lacks it here
  return context.getContextAttributes?.().colorSpace === colorSpace;
}

function isBrowserMetadata(metadata: unknown): metadata is BrowserMetadata {
  return typeof metadata === 'object' && metadata !== null && (metadata as { kind?: unknown }).kind === 'browser';
}

function refuseImage(cause: unknown, facts: ContainerFacts, format: DecodeOptions['format']): never {
  if (facts.endsEarly) refuseTruncated(format, cause);
  if (format === 'tiff' || format === 'avif')
    throw new RestoreError('unsupported-format', `Expected a picture this browser can read, it cannot read this ${format}; convert it to JPEG or PNG.`, {
      cause,
      details: { format },
    });
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new RestoreError('corrupt-image', `Expected a readable ${format} file, its data are broken: ${reason}`, { cause, details: { format } });
}

function refuseTruncated(format: DecodeOptions['format'], cause?: unknown): never {
  throw new RestoreError('truncated', `Expected a whole ${format} file, its data end before its pixels do; send the file again.`, {
    cause,
    details: { format },
  });
}
