/** The first bytes of a file -> its container and size, held against the limits before anything is decoded. */
import { imageSize } from 'image-size';
import { RestoreError } from '../errors.ts';
import type { Limits } from '../options.ts';
import type { InputFormat } from '../report.ts';

/** Container and size as the header states them; the EXIF orientation is not applied yet. */
export type SniffedImage = { readonly format: InputFormat; readonly width: number; readonly height: number };

/**
 * Looks at the header only; costs microseconds and no memory.
 * @throws RestoreError `empty-input`, `unsupported-format`, `truncated` (ends within the header), `corrupt-image`, `too-large`
 */
export function sniffImage(bytes: Uint8Array, limits: Required<Limits>): SniffedImage {
  if (bytes.length === 0) throw new RestoreError('empty-input', 'Expected a picture file, got zero bytes.');
  if (bytes.length > limits.maxBytes)
    throw new RestoreError('too-large', `The file may have ${limits.maxBytes} bytes, it has ${bytes.length}; raise limits.maxBytes or send a smaller file.`, {
      details: { bytes: bytes.length, maxBytes: limits.maxBytes },
    });
  const format = detectFormat(bytes);
  const { width, height } = readSize(bytes, format);
  checkSize(width, height, limits);
  return { format, width, height };
}

/**
 * Refuses a size over the limits.
 * @throws RestoreError `too-large`
 */
export function checkSize(width: number, height: number, limits: Pick<Required<Limits>, 'maxPixels' | 'maxSidePx'>): void {
  const { maxPixels, maxSidePx } = limits;
  if (width * height > maxPixels)
    throw new RestoreError(
      'too-large',
      `The picture may have ${maxPixels} pixels, it has ${width}x${height} = ${width * height}; raise limits.maxPixels or make it smaller.`,
      {
        details: { width, height, maxPixels },
      },
    );
  if (Math.max(width, height) > maxSidePx)
    throw new RestoreError(
      'too-large',
      `A side of the picture may have ${maxSidePx} pixels, it is ${width}x${height}; raise limits.maxSidePx or make it smaller.`,
      {
        details: { width, height, maxSidePx },
      },
    );
}

function detectFormat(bytes: Uint8Array): InputFormat {
  const text = String.fromCharCode(...bytes.subarray(0, 32));
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'tiff';
  if (text.startsWith('ftyp', 4)) {
    // The major brand, or one of the compatible brands behind it: AVIF files may call themselves `mif1`.
    if (brands(text).some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
    throw new RestoreError(
      'unsupported-format',
      'Expected JPEG, PNG, WebP, AVIF, GIF or TIFF, got HEIC or another ISO media file; export the picture as JPEG.',
      {
        details: { format: 'heic' },
      },
    );
  }
  throw new RestoreError('unsupported-format', 'Expected a JPEG, PNG, WebP, AVIF, GIF or TIFF file, the bytes are none of these; convert the picture first.');
}

/** Words of four letters from the major brand on. */
function brands(text: string): readonly string[] {
  return Array.from({ length: Math.floor((text.length - 8) / 4) }, (_, i) => text.slice(8 + 4 * i, 12 + 4 * i));
}

/** No whole picture is shorter, in any of the containers. */
const MIN_BYTES = 24;

function readSize(bytes: Uint8Array, format: InputFormat): { readonly width: number; readonly height: number } {
  let size: { readonly width?: number; readonly height?: number };
  try {
    if (bytes.length < MIN_BYTES) throw new RangeError(`A header takes ${MIN_BYTES} bytes.`);
    size = imageSize(bytes);
  } catch (cause) {
    throw new RestoreError('truncated', `Expected a whole ${format} file, its header ends after ${bytes.length} bytes; send the file again.`, {
      cause,
      details: { format },
    });
  }
  const { width = 0, height = 0 } = size;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new RestoreError('corrupt-image', `Expected a ${format} file with a width and a height, its header says ${width}x${height}.`, {
      details: { format },
    });
  return { width, height };
}
