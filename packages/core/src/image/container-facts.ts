/** The bytes of a picture file -> what a browser's decoder does not tell: depth, kind of colour, profile, frames, metadata, and whether it ends early. */
import type { InputFormat } from '../report.ts';
import { endsEarly } from './ends-early.ts';

/** What the container states, without decoding. TIFF is not looked into: everything stands at its usual value. */
export type ContainerFacts = {
  readonly bitDepth: 8 | 16;
  /** How samples are stored. */
  readonly colour: 'grey' | 'rgb' | 'cmyk';
  /** `srgb` also where the file names another word for it; `other` is any other profile, `none` means sRGB by custom. */
  readonly profile: 'none' | 'srgb' | 'other';
  /** More than one frame. */
  readonly animated: boolean;
  /** EXIF or XMP. */
  readonly hasMetadata: boolean;
  /** The file ends before its container says it should. */
  readonly endsEarly: boolean;
};

/** Cheap: walks headers and chunks, decodes nothing. Never throws: what cannot be read stands at its usual value. */
export async function readContainerFacts(bytes: Uint8Array, format: InputFormat): Promise<ContainerFacts> {
  const usual: ContainerFacts = {
    bitDepth: 8,
    colour: 'rgb',
    profile: 'none',
    animated: false,
    hasMetadata: false,
    endsEarly: bytes.length < 24 || endsEarly(bytes, format),
  };
  switch (format) {
    case 'jpeg':
      return { ...usual, ...readJpeg(bytes) };
    case 'png':
      return { ...usual, ...(await readPng(bytes)) };
    case 'webp':
      return { ...usual, ...readWebp(bytes) };
    case 'gif':
      return { ...usual, animated: countGifFrames(bytes, 2) > 1 };
    case 'avif':
      return { ...usual, ...readAvif(bytes) };
    case 'tiff':
      return usual;
  }
}

/** Segments up to the first scan; ISO/IEC 10918-1, annex B. */
function readJpeg(bytes: Uint8Array): Partial<ContainerFacts> {
  const facts: { -readonly [K in keyof ContainerFacts]?: ContainerFacts[K] } = {};
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    const length = uint16(bytes, at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xda) return { ...facts, endsEarly: !hasEndOfImage(bytes, at + 2 + length) };
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) facts.colour = body[5] === 1 ? 'grey' : body[5] === 4 ? 'cmyk' : 'rgb';
    if (marker === 0xe1 && (startsWith(body, 'Exif\0') || startsWith(body, 'http://ns.adobe.com/xap/'))) facts.hasMetadata = true;
    // A profile may fill several segments; its description stands in the first one.
    if (marker === 0xe2 && startsWith(body, 'ICC_PROFILE\0')) facts.profile ??= kindOfProfile(body.subarray(14));
    at += 2 + length;
  }
  return { ...facts, endsEarly: true };
}

/** Within a scan 0xff is followed by 0 or a restart marker, so an end marker is one. */
function hasEndOfImage(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at >= from; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}

/** Chunks; W3C PNG (third edition), 5.3 and 11. */
async function readPng(bytes: Uint8Array): Promise<Partial<ContainerFacts>> {
  const colour = bytes[25] === 0 || bytes[25] === 4 ? 'grey' : 'rgb';
  const facts: { -readonly [K in keyof ContainerFacts]?: ContainerFacts[K] } = { bitDepth: bytes[24] === 16 ? 16 : 8, colour, endsEarly: true };
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = uint32(bytes, at);
    const type = latin1(bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'cICP') facts.profile = body[0] === 1 ? 'srgb' : 'other';
    if (type === 'iCCP') facts.profile ??= kindOfProfile(await inflate(body.subarray(body.indexOf(0) + 2))); // behind its name and the method
    if (type === 'IEND') facts.endsEarly = false; // whatever stands behind it
    if (type === 'acTL') facts.animated = uint32(body, 0) > 1;
    if (type === 'eXIf' || (/^(iTXt|zTXt|tEXt)$/.test(type) && startsWith(body, 'XML:com.adobe.xmp'))) facts.hasMetadata = true;
    at += 12 + length;
  }
  return facts;
}

/** The extended header's flags, and the profile; RFC 9649, 2.7. */
function readWebp(bytes: Uint8Array): Partial<ContainerFacts> {
  if (latin1(bytes.subarray(12, 16)) !== 'VP8X') return {};
  const flags = bytes[20] as number;
  const profileAt = latin1(bytes.subarray(30, 34)) === 'ICCP' ? 38 : undefined; // it comes right behind the header
  return {
    animated: (flags & 0x02) !== 0,
    hasMetadata: (flags & 0x0c) !== 0,
    profile: profileAt === undefined ? 'none' : kindOfProfile(bytes.subarray(profileAt, profileAt + 4096)),
  };
}

/** Image descriptors, up to `enough`; GIF89a, 20 and following. */
function countGifFrames(bytes: Uint8Array, enough: number): number {
  const tableBytes = (packed: number): number => ((packed & 0x80) !== 0 ? 3 * 2 ** ((packed & 7) + 1) : 0);
  let at = 13 + tableBytes(bytes[10] ?? 0);
  let frames = 0;
  while (at < bytes.length && frames < enough) {
    const block = bytes[at];
    if (block === 0x2c) {
      frames++;
      at += 11 + tableBytes(bytes[at + 9] ?? 0);
    } else if (block === 0x21) at += 2;
    else break;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] as number); // sub-blocks
    at++;
  }
  return frames;
}

/** The `meta` box stands near the start; its items are found by their four letters. ISO/IEC 14496-12 and 23000-22. */
function readAvif(bytes: Uint8Array): Partial<ContainerFacts> {
  const head = latin1(bytes.subarray(0, 16_384));
  const colr = head.indexOf('colr');
  const kind = head.slice(colr + 4, colr + 8);
  const profile =
    colr < 0 ? 'none' : kind === 'nclx' ? ([1, 2].includes(uint16(bytes, colr + 8)) ? 'srgb' : 'other') : kindOfProfile(bytes.subarray(colr + 8, colr + 4104));
  const infe = head.indexOf('iinf');
  return { profile, animated: head.slice(8, 12) === 'avis', hasMetadata: infe >= 0 && /Exif|application\/rdf\+xml/.test(head.slice(infe)) };
}

/** zlib data -> the first bytes in them; none where they are broken. */
async function inflate(compressed: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([compressed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('deflate')); // a file's bytes are never shared
  const reader = stream.getReader();
  try {
    const parts: number[] = [];
    for (let part = await reader.read(); !part.done && parts.length < 4096; part = await reader.read()) parts.push(...part.value.subarray(0, 4096));
    return Uint8Array.from(parts);
  } catch {
    return new Uint8Array(); // then the profile is taken for one we do not know, which is safe
  } finally {
    await reader.cancel().catch(() => {}); // broken data have been dealt with above
  }
}

/** An ICC profile -> whether it is sRGB, by its description (ASCII in version 2, UTF-16 in version 4). */
function kindOfProfile(profile: Uint8Array): 'srgb' | 'other' {
  return /srgb/i.test(latin1(profile).replaceAll('\0', '')) ? 'srgb' : 'other';
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return latin1(bytes.subarray(0, text.length)) === text;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 65_536 + uint16(bytes, at + 2);
}
