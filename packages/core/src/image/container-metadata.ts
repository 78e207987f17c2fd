/** EXIF, XMP and colour profile out of one picture file and into another one, container by container; pixels are never touched. */
import type { OutputFormat } from '../options.ts';
import type { InputFormat } from '../report.ts';
import { readJpegMetadata, writeJpegMetadata } from './metadata-jpeg.ts';
import { readPngMetadata, writePngMetadata } from './metadata-png.ts';
import { readWebpMetadata, writeWebpMetadata } from './metadata-webp.ts';
import { MAX_METADATA_BYTES, type PictureMetadata, type WrittenMetadata } from './picture-metadata.ts';

/** Never throws: what cannot be read, or is too large, is left out. AVIF, GIF and TIFF are not looked into. */
export async function readMetadata(file: Uint8Array, format: InputFormat): Promise<PictureMetadata> {
  const found = format === 'jpeg' ? readJpegMetadata(file) : format === 'png' ? await readPngMetadata(file) : format === 'webp' ? readWebpMetadata(file) : {};
  return Object.fromEntries(Object.entries(found).filter(([, part]) => part !== undefined && part.length > 0 && part.length <= MAX_METADATA_BYTES));
}

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
