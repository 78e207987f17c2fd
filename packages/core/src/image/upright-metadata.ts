/** Metadata of a picture as it was stored -> those of the upright one: orientation 1, its own size, no preview of what it was. */
import type { PictureMetadata } from './picture-metadata.ts';
import { viewOf } from './metadata-bytes.ts';

/** The inputs are not changed. EXIF that cannot be read is left out: nobody knows what it would turn. */
export function makeUpright({ exif, xmp, ...others }: PictureMetadata, size: { readonly width: number; readonly height: number }): PictureMetadata {
  const upright = exif && makeExifUpright(exif, size);
  return { ...others, ...(upright && { exif: upright }), ...(xmp && { xmp: makeXmpUpright(xmp) }) };
}

/** 1 to 8, as the tag says where the stored row 0 and column 0 lie in the upright picture; 1 where it says nothing. */
export function readOrientation({ exif }: PictureMetadata): number {
  if (exif === undefined || exif.length < 14) return 1;
  const view = viewOf(exif);
  const little = exif[0] === 0x49;
  const at = view.getUint32(4, little);
  if (at + 2 > exif.length) return 1;
  const end = Math.min(at + 2 + 12 * view.getUint16(at, little), exif.length - 11);
  for (let entry = at + 2; entry < end; entry += 12) {
    if (view.getUint16(entry, little) !== ORIENTATION || view.getUint16(entry + 2, little) !== SHORT) continue;
    const orientation = view.getUint16(entry + 8, little);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

const [WIDTH, HEIGHT, ORIENTATION, EXIF_DIRECTORY, PIXEL_WIDTH, PIXEL_HEIGHT] = [0x100, 0x101, 0x112, 0x8769, 0xa002, 0xa003];
const [SHORT, LONG] = [3, 4];

/** Source: TIFF 6.0, section 2; Exif 3.0, 4.6. Only values that stand in their entries are written. */
function makeExifUpright(exif: Uint8Array, { width, height }: { readonly width: number; readonly height: number }): Uint8Array | undefined {
  const copy = Uint8Array.from(exif);
  const view = viewOf(copy);
  const order = copy[0];
  if (copy.length < 14 || order !== copy[1] || (order !== 0x49 && order !== 0x4d)) return undefined;
  const little = order === 0x49;
  const values = new Map([
    [ORIENTATION, 1],
    [WIDTH, width],
    [HEIGHT, height],
    [PIXEL_WIDTH, width],
    [PIXEL_HEIGHT, height],
  ]);
  /** @returns where the directory ends: at the offset of the next one */
  const visit = (at: number): number | undefined => {
    if (at < 8 || at + 2 > copy.length) return undefined;
    const end = at + 2 + 12 * view.getUint16(at, little);
    if (end + 4 > copy.length) return undefined;
    for (let entry = at + 2; entry < end; entry += 12) {
      const [tag, type] = [view.getUint16(entry, little), view.getUint16(entry + 2, little)];
      const value = values.get(tag);
      if (value !== undefined && type === SHORT) view.setUint16(entry + 8, value, little);
      if (value !== undefined && type === LONG) view.setUint32(entry + 8, value, little);
    }
    return end;
  };
  const first = view.getUint32(4, little);
  const end = visit(first);
  if (end === undefined) return undefined;
  for (let entry = first + 2; entry < end; entry += 12) if (view.getUint16(entry, little) === EXIF_DIRECTORY) visit(view.getUint32(entry + 8, little));
  view.setUint32(end, 0, little); // the next directory is the preview's
  return copy;
}

/** Of one digit, as an attribute or as an element: the packet keeps its length. */
function makeXmpUpright(xmp: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(xmp);
  for (const name of ['tiff:Orientation="', "tiff:Orientation='", 'tiff:Orientation>'])
    for (let at = indexOf(copy, name, 0); at >= 0; at = indexOf(copy, name, at + 1)) {
      const digit = at + name.length;
      if ((copy[digit] as number) >= 0x31 && (copy[digit] as number) <= 0x38) copy[digit] = 0x31;
    }
  return copy;
}

function indexOf(bytes: Uint8Array, text: string, from: number): number {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++;
    if (i === text.length) return at;
  }
  return -1;
}
