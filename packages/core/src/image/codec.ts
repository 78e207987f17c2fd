/** The codec port: bytes of a picture file <-> pixels. Filled by `adapter/codec-*`; core never decodes by itself. */
import type { OutputFormat } from '../options.ts';
import type { InputFormat, RestoreWarning } from '../report.ts';
import type { Pixels } from './pixels.ts';

/** What the header of the file says, and the limits that have been held against it. */
export type DecodeOptions = {
  readonly format: InputFormat;
  /** A last line of defence inside the decoder; the header has been checked before. */
  readonly maxPixels: number;
  readonly maxSidePx: number;
  readonly signal?: AbortSignal | undefined;
};

/** A decoded picture. */
export type DecodedImage = {
  /** Upright: the EXIF orientation has been applied. Colours as in the file's own colour profile; CMYK has become sRGB. */
  readonly pixels: Pixels;
  /** EXIF, XMP and colour profile in a form only this codec reads; handed back to `encode`. */
  readonly metadata: unknown;
  readonly warnings: readonly RestoreWarning[];
};

export type EncodeOptions = {
  readonly format: OutputFormat;
  /** 1 to 100; absent means the codec's default for the format, and always for `png`. */
  readonly quality?: number | undefined;
  /** `decode`'s `metadata`; leave it out for a picture without any. */
  readonly metadata?: unknown;
  /** `strip` writes the colour profile only. */
  readonly keep: 'keep' | 'strip';
  readonly signal?: AbortSignal | undefined;
};

export type EncodedImage = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly bitDepth: 8 | 16;
  readonly warnings: readonly RestoreWarning[];
};

export type ImageCodec = {
  /** Containers this runtime writes. @default all of `OUTPUT_FORMATS` */
  readonly outputFormats?: readonly OutputFormat[];
  /** @throws RestoreError `truncated`, `corrupt-image`, `unsupported-format`, `too-large` */
  decode(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage>;
  /** Does not change or keep `pixels`. @throws RestoreError `encode-failed` */
  encode(pixels: Pixels, options: EncodeOptions): Promise<EncodedImage>;
};
