/** Runs inside the browser: a picture file -> what the browser's codec makes of it, and the file it writes of that. */
import { createBrowserCodec } from '../../src/adapter/codec-browser.ts';
import { sniffImage } from '../../src/image/sniff.ts';
import { DEFAULT_LIMITS, type OutputFormat } from '../../src/options.ts';

export type CodecTask = {
  /** The file, in base64. */
  readonly file: string;
  /** Writes it again when given. */
  readonly encode?: { readonly format: OutputFormat; readonly quality?: number; readonly keep?: 'keep' | 'strip' };
  readonly maxPixels?: number;
  /** Whether the samples cross back, a number each: not those of large pictures. @default true */
  readonly samples?: boolean;
};
export type CodecAnswer = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly samples: readonly number[];
  readonly warnings: readonly string[];
  /** The file that was written, in base64. */
  readonly written?: string;
  readonly outputFormats: readonly OutputFormat[];
};
export type CodecFailure = { readonly code: string };

async function useCodec({ file, encode, maxPixels = DEFAULT_LIMITS.maxPixels, samples = true }: CodecTask): Promise<CodecAnswer | CodecFailure> {
  const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
  const codec = await createBrowserCodec();
  try {
    const { format } = sniffImage(bytes, DEFAULT_LIMITS);
    const { pixels, metadata, warnings } = await codec.decode(bytes, { format, maxPixels, maxSidePx: DEFAULT_LIMITS.maxSidePx });
    const encoded = encode === undefined ? undefined : await codec.encode(pixels, { keep: 'keep', ...encode, metadata });
    const { width, height, channels, data } = pixels;
    return {
      width,
      height,
      channels,
      samples: samples ? Array.from(data) : [],
      warnings: [...warnings, ...(encoded?.warnings ?? [])].map(({ code }) => code),
      ...(encoded === undefined ? {} : { written: btoa(Array.from(encoded.bytes, (byte) => String.fromCharCode(byte)).join('')) }),
      outputFormats: codec.outputFormats ?? [],
    };
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error) };
  }
}

declare global {
  /** How the test reaches into the page. */
  var fairweatherCodec: typeof useCodec;
}
globalThis.fairweatherCodec = useCodec;
