/** EXIF, XMP and colour profile in a JPEG file: segments before the first scan. Sources: ISO/IEC 10918-1 annex B; Exif 3.0, 4.7; XMP part 3, 1.1.3; ICC.1 annex B.4. */
import { ascii, concat, startsWith, viewOf } from './metadata-bytes.ts';
import type { PictureMetadata, WrittenMetadata } from './picture-metadata.ts';

const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const ICC = 'ICC_PROFILE\0';
const [APP0, APP1, APP2, START_OF_SCAN] = [0xe0, 0xe1, 0xe2, 0xda];
/** Bytes of a segment behind its length. */
const MAX_BODY = 65_533;

/** The first of each kind; a profile in several segments is put together. */
export function readJpegMetadata(file: Uint8Array): PictureMetadata {
  let [exif, xmp]: (Uint8Array | undefined)[] = [];
  const profile: Uint8Array[] = [];
  for (const { marker, body } of segmentsOf(file)) {
    if (marker === APP1 && startsWith(body, EXIF)) exif ??= body.subarray(EXIF.length);
    if (marker === APP1 && startsWith(body, XMP)) xmp ??= body.subarray(XMP.length);
    // Behind the name stand the number of the part, from 1 on, and the count of them.
    if (marker === APP2 && startsWith(body, ICC)) profile[(body[ICC.length] ?? 0) - 1] = body.subarray(ICC.length + 2);
  }
  const whole = profile.length > 0 && Array.from(profile).every((part) => part !== undefined);
  return { ...(exif && { exif }), ...(xmp && { xmp }), ...(whole && { icc: concat(profile) }) };
}

/** A segment holds 64 kB: EXIF and XMP that are larger, as other containers may have them, are lost. */
export function writeJpegMetadata(file: Uint8Array<ArrayBuffer>, { exif, xmp, icc }: PictureMetadata): WrittenMetadata {
  const lost: (keyof PictureMetadata)[] = [];
  const inOne = (name: 'exif' | 'xmp', head: string, content: Uint8Array | undefined): readonly Uint8Array[] => {
    if (content === undefined) return [];
    if (head.length + content.length <= MAX_BODY) return [segment(APP1, [ascii(head), content])];
    lost.push(name);
    return [];
  };
  const ours = [...inOne('exif', EXIF, exif), ...inOne('xmp', XMP, xmp), ...(icc === undefined ? [] : profileSegments(icc))];
  const segments = [...segmentsOf(file)];
  const head = segments.filter(({ marker }) => marker === APP0);
  const rest = segments.filter(({ marker, body }) => marker !== APP0 && !(icc !== undefined && marker === APP2 && startsWith(body, ICC)));
  const scanAt = (segments.at(-1)?.end ?? 2) as number;
  const whole = ({ start, end }: Segment): Uint8Array => file.subarray(start, end);
  return { bytes: concat([file.subarray(0, 2), ...head.map(whole), ...ours, ...rest.map(whole), file.subarray(scanAt)]), lost };
}

type Segment = { readonly marker: number; readonly body: Uint8Array; readonly start: number; readonly end: number };

/** Those before the first scan, as far as they are whole. */
function* segmentsOf(file: Uint8Array): Generator<Segment> {
  const view = viewOf(file);
  let start = 2;
  while (start + 4 <= file.length && file[start] === 0xff) {
    const marker = file[start + 1] as number;
    const end = start + 2 + view.getUint16(start + 2);
    if (marker === START_OF_SCAN || end < start + 4 || end > file.length) return;
    yield { marker, body: file.subarray(start + 4, end), start, end };
    start = end;
  }
}

function profileSegments(icc: Uint8Array): readonly Uint8Array[] {
  const size = MAX_BODY - ICC.length - 2;
  const count = Math.ceil(icc.length / size); // at most 65: profiles are bounded when they are read
  return Array.from({ length: count }, (_, i) => segment(APP2, [ascii(ICC), Uint8Array.of(i + 1, count), icc.subarray(i * size, (i + 1) * size)]));
}

function segment(marker: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const length = body.length + 2;
  return concat([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), body]);
}
