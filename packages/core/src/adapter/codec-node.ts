/** The codec port on Node, by sharp (libvips): JPEG, PNG, WebP, AVIF, GIF and TIFF in; JPEG, PNG, WebP and AVIF out. */
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { RestoreError } from '../errors.ts';
import type { DecodedImage, DecodeOptions, EncodedImage, EncodeOptions, ImageCodec } from '../image/codec.ts';
import { assertPixels, type Pixels } from '../image/pixels.ts';
import { endsEarly } from '../image/ends-early.ts';
import { checkSize } from '../image/sniff.ts';
import type { OutputFormat } from '../options.ts';
import type { RestoreWarning } from '../report.ts';
import { importRuntime } from './import-runtime.ts';

type SharpModule = typeof import('sharp').default;

/** Quality where the caller names none. */
const DEFAULT_QUALITY: Readonly<Record<Exclude<OutputFormat, 'png'>, number>> = { jpeg: 92, webp: 90, avif: 65 };

/** A codec. sharp is loaded meanwhile; where it is missing, the first use says so. */
export function createNodeCodec(): ImageCodec {
  const loading = loadSharp();
  loading.catch(() => {}); // thrown where it is awaited
  return {
    decode: async (bytes, options) => decodeWithSharp(await loading, bytes, options),
    encode: async (pixels, options) => encodeWithSharp(await loading, pixels, options),
  };
}

async function loadSharp(): Promise<SharpModule> {
  return (await importRuntime('sharp', () => import('sharp'))).default;
}

async function decodeWithSharp(sharp: SharpModule, bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  // Warnings are let pass: many cameras and editors leave harmless ones. Missing data are an error.
  const input = { failOn: 'error', limitInputPixels: options.maxPixels } satisfies SharpOptions;
  const header = await sharp(bytes, input)
    .metadata()
    .catch((cause: unknown) => refuseImage(cause, bytes, options));
  checkSize(header.width, header.height, options);
  options.signal?.throwIfAborted();

  const plan = planDecode(header);
  const pipeline = sharp(bytes, { ...input, autoOrient: true, ignoreIcc: plan.keepColours })
    .toColourspace(plan.colourspace)
    .raw({ depth: plan.depth });
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true }).catch((cause: unknown) => refuseImage(cause, bytes, options));
  const samples = plan.depth === 'ushort' ? asUint16(data) : asUint8(data);
  const decoded: Pixels = { width: info.width, height: info.height, channels: info.channels as 1 | 2 | 3 | 4, data: samples }; // colourspaces of `planDecode` have 1 to 4
  const pixels = plan.greyWithAlpha && decoded.channels === 4 ? dropGreenAndBlue(decoded) : decoded;
  assertPixels(pixels);
  options.signal?.throwIfAborted();
  const metadata = await carryMetadata(sharp, bytes, input, plan, pixels).catch((cause: unknown) => refuseImage(cause, bytes, options));
  return { pixels, metadata, warnings: describeLosses(header, plan) };
}

type DecodePlan = {
  readonly colourspace: 'srgb' | 'rgb16' | 'b-w' | 'grey16';
  readonly depth: 'uchar' | 'ushort';
  /** Whether samples stay in the file's own colour profile, which is then written again. */
  readonly keepColours: boolean;
  /** 8-bit grey with alpha goes by way of RGBA: raw output of `b-w` keeps its first channel only. */
  readonly greyWithAlpha: boolean;
};

function planDecode({ space, depth, hasAlpha }: Metadata): DecodePlan {
  const deep = depth === 'ushort';
  const keepColours = space === 'srgb' || space === 'rgb16' || space === 'b-w' || space === 'grey16';
  const grey = space === 'b-w' || space === 'grey16';
  if (deep && keepColours) return { colourspace: grey ? 'grey16' : 'rgb16', depth: 'ushort', keepColours, greyWithAlpha: false };
  const greyWithAlpha = grey && hasAlpha;
  return { colourspace: grey && !hasAlpha ? 'b-w' : 'srgb', depth: 'uchar', keepColours, greyWithAlpha };
}

function describeLosses(header: Metadata, plan: DecodePlan): readonly RestoreWarning[] {
  const warnings: RestoreWarning[] = [];
  const pages = header.pages ?? 1;
  if (pages > 1 && header.format === 'tiff') warnings.push({ code: 'several-pages', message: `The file has ${pages} pages; the first one was restored.` });
  else if (pages > 1) warnings.push({ code: 'animated', message: `The picture has ${pages} frames; the first one was restored.` });
  if (!plan.keepColours) warnings.push({ code: 'colour-converted', message: `The picture was ${header.space}; it was converted to sRGB.` });
  return warnings;
}

/** Grey and alpha out of R = G = B and alpha, in place: samples only move towards the start. */
function dropGreenAndBlue({ width, height, data }: Pixels): Pixels {
  const length = 2 * width * height;
  for (let to = 0, from = 0; to < length; to += 2, from += 4) {
    data[to] = data[from] as number;
    data[to + 1] = data[from + 3] as number;
  }
  return { width, height, channels: 2, data: data.subarray(0, length) };
}

/** EXIF, XMP and colour profile in sharp's own hands; see `carryMetadata`. */
type MetadataCarrier = { readonly kind: 'sharp-png'; readonly png: Uint8Array };

/**
 * A PNG of one black pixel, of the picture's own kind, with the picture's metadata. `layOverCarrier` combines it with the restored samples by a
 * bitwise OR, so that sharp itself writes metadata and untouched samples into any container.
 */
async function carryMetadata(sharp: SharpModule, bytes: Uint8Array, input: SharpOptions, plan: DecodePlan, pixels: Pixels): Promise<MetadataCarrier> {
  const black = plan.depth === 'ushort' ? new Uint16Array(pixels.channels) : new Uint8Array(pixels.channels);
  const pipeline = sharp(bytes, { ...input, ignoreIcc: plan.keepColours })
    .extract({ left: 0, top: 0, width: 1, height: 1 })
    .boolean(asOperand(black), 'and', { raw: { width: 1, height: 1, channels: pixels.channels } })
    .toColourspace(plan.greyWithAlpha ? 'b-w' : plan.colourspace)
    .keepExif()
    .keepXmp();
  return { kind: 'sharp-png', png: await (plan.keepColours ? pipeline.keepIccProfile() : pipeline).png().toBuffer() };
}

/** The carrier grows to the size of the pixels and takes their samples: 0 | sample = sample. */
function layOverCarrier(sharp: SharpModule, carrier: MetadataCarrier, { width, height, channels, data }: Pixels, keep: 'keep' | 'strip'): Sharp {
  const unlimited = { limitInputPixels: false } as const;
  const operand = { ...unlimited, raw: { width, height, channels } };
  const pipeline = sharp(carrier.png, { ...unlimited, autoOrient: true })
    .boolean(asOperand(data), 'or', operand)
    .keepIccProfile();
  return keep === 'keep' ? pipeline.keepExif().keepXmp() : pipeline;
}

/** sharp takes typed arrays as operands and reads their depth from the type; its types only name Buffer. */
function asOperand(samples: Uint8Array | Uint16Array): Buffer {
  return samples as Buffer;
}

async function encodeWithSharp(sharp: SharpModule, pixels: Pixels, options: EncodeOptions): Promise<EncodedImage> {
  assertPixels(pixels);
  const { width, height, channels, data } = pixels;
  const deep = data instanceof Uint16Array;
  try {
    const pipeline = isCarrier(options.metadata)
      ? layOverCarrier(sharp, options.metadata, pixels, options.keep)
      : sharp(data, { limitInputPixels: false, raw: { width, height, channels } });
    const grey = channels <= 2;
    const keepsDepth = deep && options.format === 'png';
    const spaced = pipeline.toColourspace(keepsDepth ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb');
    const bytes = await writeAs(spaced, options).toBuffer();
    options.signal?.throwIfAborted();
    const warnings: RestoreWarning[] = [];
    if (deep && !keepsDepth)
      warnings.push({ code: 'bit-depth-reduced', message: `${options.format} is written with 8 bits a sample, the picture had 16; png keeps them.` });
    return { bytes: new Uint8Array(bytes), bitDepth: keepsDepth ? 16 : 8, warnings };
  } catch (cause) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new RestoreError('encode-failed', `The ${width}x${height} picture could not be written as ${options.format}: ${(cause as Error).message}`, {
      cause,
      details: { format: options.format },
    });
  }
}

function isCarrier(metadata: unknown): metadata is MetadataCarrier {
  return typeof metadata === 'object' && metadata !== null && (metadata as { kind?: unknown }).kind === 'sharp-png';
}

function writeAs(pipeline: Sharp, { format, quality }: EncodeOptions): Sharp {
  if (format === 'png') return pipeline.png();
  const chosen = quality ?? DEFAULT_QUALITY[format];
  // Optimised Huffman tables would hold the coefficients of the whole picture in memory, for 5 % smaller files at twice the time.
  if (format === 'jpeg') return pipeline.jpeg({ quality: chosen, optimiseCoding: false });
  return format === 'webp' ? pipeline.webp({ quality: chosen }) : pipeline.avif({ quality: chosen });
}

function asUint8(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length); // sharp's buffers are never shared
}

function asUint16(buffer: Buffer): Uint16Array<ArrayBuffer> {
  return new Uint16Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length / 2);
}

function refuseImage(cause: unknown, bytes: Uint8Array, { format, maxPixels }: DecodeOptions): never {
  const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n').slice(-1); // libvips repeats itself, the last line says it
  if (/pixel limit/i.test(reason))
    throw new RestoreError('too-large', `The picture may have ${maxPixels} pixels, its ${format} data have more; raise limits.maxPixels or make it smaller.`, {
      cause,
    });
  if (endsEarly(bytes, format) || /premature end|unexpected end/i.test(reason))
    throw new RestoreError('truncated', `Expected a whole ${format} file, its data end before its pixels do; send the file again. (${reason})`, {
      cause,
      details: { format },
    });
  throw new RestoreError('corrupt-image', `Expected a readable ${format} file, its data are broken: ${reason}`, { cause, details: { format } });
}
