/** EXIF, XMP and colour profile in a WebP file: chunks `EXIF`, `XMP ` and `ICCP` of its extended form. Source: RFC 9649, 2.3 to 2.7. */
import { ascii, concat, startsWith, viewOf } from './metadata-bytes.ts';
import type { PictureMetadata } from './picture-metadata.ts';

const HEADER_BYTES = 12;
const [ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, XMP_FLAG] = [0x20, 0x10, 0x08, 0x04];

/** The first of each kind. */
export function readWebpMetadata(file: Uint8Array): PictureMetadata {
  let [exif, xmp, icc]: (Uint8Array | undefined)[] = [];
  for (const { type, body } of chunksOf(file)) {
    if (type === 'EXIF') exif ??= startsWith(body, 'Exif\0\0') ? body.subarray(6) : body; // some writers bring JPEG's head along
    if (type === 'XMP ') xmp ??= body;
    if (type === 'ICCP') icc ??= body;
  }
  return { ...(exif && { exif }), ...(xmp && { xmp }), ...(icc && { icc }) };
}

/** The simple form becomes the extended one. */
export function writeWebpMetadata(
  file: Uint8Array<ArrayBuffer>,
  { exif, xmp, icc }: PictureMetadata,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array<ArrayBuffer> {
  const chunks = [...chunksOf(file)];
  const find = (wanted: string): Uint8Array | undefined => chunks.find(({ type }) => type === wanted)?.body;
  const before = find('VP8X');
  const profile = icc ?? find('ICCP');
  const flags = (before?.[0] ?? (hasAlpha(find('VP8L')) ? ALPHA_FLAG : 0)) | (profile ? ICC_FLAG : 0) | (exif ? EXIF_FLAG : 0) | (xmp ? XMP_FLAG : 0);
  const extended = new Uint8Array(10);
  const view = viewOf(extended);
  extended[0] = flags;
  for (const [at, side] of [
    [4, width],
    [7, height],
  ] as const) {
    view.setUint16(at, (side - 1) & 0xffff, true);
    view.setUint8(at + 2, (side - 1) >> 16);
  }
  const kept = chunks.filter(({ type }) => !['VP8X', 'ICCP', 'EXIF', 'XMP '].includes(type)).map(({ type, body }) => chunk(type, body));
  const body = concat([
    ascii('WEBP'),
    chunk('VP8X', extended),
    ...(profile ? [chunk('ICCP', profile)] : []),
    ...kept,
    ...(exif ? [chunk('EXIF', exif)] : []),
    ...(xmp ? [chunk('XMP ', xmp)] : []),
  ]);
  return concat([ascii('RIFF'), uint32(body.length), body]);
}

/** The bit behind width and height in the header of lossless data; RFC 9649, 3.4. */
function hasAlpha(lossless: Uint8Array | undefined): boolean {
  return lossless !== undefined && ((lossless[4] ?? 0) & 0x10) !== 0;
}

type Chunk = { readonly type: string; readonly body: Uint8Array };

/** As far as they are whole. */
function* chunksOf(file: Uint8Array): Generator<Chunk> {
  const view = viewOf(file);
  let at = HEADER_BYTES;
  while (at + 8 <= file.length) {
    const end = at + 8 + view.getUint32(at + 4, true);
    if (end > file.length) return;
    yield { type: String.fromCharCode(...file.subarray(at, at + 4)), body: file.subarray(at + 8, end) };
    at = end + (end & 1); // chunks begin at even places
  }
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  return concat([ascii(type), uint32(body.length), body, new Uint8Array(body.length & 1)]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}
