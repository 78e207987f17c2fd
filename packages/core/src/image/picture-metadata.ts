/** EXIF, XMP and colour profile out of one picture file and into another one, container by container; pixels are never touched. */
import type { OutputFormat } from '../options.ts';
import type { InputFormat } from '../report.ts';
import { readJpegMetadata, writeJpegMetadata } from './metadata-jpeg.ts';
import { readPngMetadata, writePngMetadata } from './metadata-png.ts';
import { readWebpMetadata, writeWebpMetadata } from './metadata-webp.ts';

/** What stands beside the pixels, each as its own standard has it, without the container's wrapping. */
export type PictureMetadata = {
  /** A TIFF structure, from its byte order on. */
  readonly exif?: Uint8Array;
  /** An XMP packet, UTF-8. */
  readonly xmp?: Uint8Array;
  /** An ICC profile. */
  readonly icc?: Uint8Array;
};

/** What is larger is no metadata a camera or an editor writes; it is left out. */
export const MAX_METADATA_BYTES: number = 4 * 1024 * 1024;

/** Never throws: what cannot be read, or is too large, is left out. AVIF, GIF and TIFF are not looked into. */
export async function readMetadata(file: Uint8Array, format: InputFormat): Promise<PictureMetadata> {
  const found = format === 'jpeg' ? readJpegMetadata(file) : format === 'png' ? await readPngMetadata(file) : format === 'webp' ? readWebpMetadata(file) : {};
  return Object.fromEntries(Object.entries(found).filter(([, part]) => part !== undefined && part.length > 0 && part.length <= MAX_METADATA_BYTES));
}

export type WrittenMetadata = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the container could not take. */
  readonly lost: readonly (keyof PictureMetadata)[];
};

/**
 * @param file as an encoder wrote it, whole; a profile in it gives way to a given one
 * @param size of the picture in pixels
 */
export async function writeMetadata(
  file: Uint8Array<ArrayBuffer>,
  format: OutputFormat,
  metadata: PictureMetadata,
  size: { readonly width: number; readonly height: number },
): Promise<WrittenMetadata> {
  const given = Object.keys(metadata) as (keyof PictureMetadata)[]; // a type's own keys
  if (given.length === 0) return { bytes: file, lost: [] };
  switch (format) {
    case 'jpeg':
      return writeJpegMetadata(file, metadata);
    case 'png':
      return { bytes: await writePngMetadata(file, metadata), lost: [] };
    case 'webp':
      return { bytes: writeWebpMetadata(file, metadata, size), lost: [] };
    case 'avif':
      return { bytes: file, lost: given };
  }
}
