/** EXIF, XMP and colour profile in a PNG file: its chunks `eXIf`, `iTXt` (or another text) and `iCCP`. Source: W3C PNG (third edition), 5.3, 11.3; XMP part 3, 1.1.5. */
import { ascii, concat, startsWith, viewOf } from './metadata-bytes.ts';
import { MAX_METADATA_BYTES, type PictureMetadata } from './picture-metadata.ts';

const SIGNATURE_BYTES = 8;
const XMP = 'XML:com.adobe.xmp\0';
/** Say a colour space, and give way to a profile. */
const COLOUR_CHUNKS: readonly string[] = ['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP'];

/** The first of each kind. */
export async function readPngMetadata(file: Uint8Array): Promise<PictureMetadata> {
  let [exif, xmp, icc]: (Uint8Array | undefined)[] = [];
  for (const { type, body } of chunksOf(file)) {
    if (type === 'eXIf') exif ??= body;
    if (type === 'iCCP') icc ??= await inflate(body.subarray(body.indexOf(0) + 2)); // behind its name and the method
    if (startsWith(body, XMP)) xmp ??= await readText(type, body.subarray(XMP.length));
  }
  return { ...(exif && { exif }), ...(xmp && { xmp }), ...(icc && { icc }) };
}

/** Behind the first chunk, before all that depends on a profile. */
export async function writePngMetadata(file: Uint8Array<ArrayBuffer>, { exif, xmp, icc }: PictureMetadata): Promise<Uint8Array<ArrayBuffer>> {
  const ours = [
    ...(icc === undefined ? [] : [chunk('iCCP', [ascii('icc\0\0'), await deflate(icc)])]),
    ...(exif === undefined ? [] : [chunk('eXIf', [exif])]),
    ...(xmp === undefined ? [] : [chunk('iTXt', [ascii(`${XMP}\0\0\0\0`), xmp])]), // not compressed, no language, no translation
  ];
  const [header, ...others] = chunksOf(file);
  const kept = others.filter(({ type }) => icc === undefined || !COLOUR_CHUNKS.includes(type)).map(({ start, end }) => file.subarray(start, end));
  return concat([file.subarray(0, header?.end ?? SIGNATURE_BYTES), ...ours, ...kept]);
}

type Chunk = { readonly type: string; readonly body: Uint8Array; readonly start: number; readonly end: number };

/** As far as they are whole. */
function* chunksOf(file: Uint8Array): Generator<Chunk> {
  const view = viewOf(file);
  let start = SIGNATURE_BYTES;
  while (start + 12 <= file.length) {
    const end = start + 12 + view.getUint32(start);
    if (end > file.length) return;
    yield { type: String.fromCharCode(...file.subarray(start + 4, start + 8)), body: file.subarray(start + 8, end - 4), start, end };
    start = end;
  }
}

/**
 * What follows the keyword of a text: in `iTXt`, as XMP asks for, flag and method of compression, language, translated keyword, text. libpng's
 * users write `zTXt`, with the method alone, and `tEXt` too.
 */
async function readText(type: string, body: Uint8Array): Promise<Uint8Array | undefined> {
  if (type === 'zTXt') return inflate(body.subarray(1));
  if (type !== 'iTXt') return type === 'tEXt' ? body : undefined;
  const languageEnd = body.indexOf(0, 2);
  const keywordEnd = body.indexOf(0, languageEnd + 1);
  if (languageEnd < 0 || keywordEnd < 0) return undefined;
  const text = body.subarray(keywordEnd + 1);
  return body[0] === 1 ? inflate(text) : text;
}

function chunk(type: string, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat([ascii(type), ...parts]);
  const whole = concat([new Uint8Array(4), body, new Uint8Array(4)]);
  const view = viewOf(whole);
  view.setUint32(0, body.length - 4);
  view.setUint32(whole.length - 4, crc32(body));
  return whole;
}

/** Nothing where the data are broken, or more than metadata may be. */
async function inflate(compressed: Uint8Array): Promise<Uint8Array | undefined> {
  const reader = through(compressed, new DecompressionStream('deflate')).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > MAX_METADATA_BYTES) return undefined;
      parts.push(part.value);
    }
    return concat(parts);
  } catch {
    return undefined; // broken: as if it were not there, for the picture itself is none the worse
  } finally {
    reader.cancel().catch(() => {}); // broken data have been dealt with above
  }
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await new Response(through(bytes, new CompressionStream('deflate'))).arrayBuffer());
}

function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(stream); // a file's bytes are never shared
}

/** Source: W3C PNG, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0xedb88320);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
