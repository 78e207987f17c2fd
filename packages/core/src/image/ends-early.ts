/** A file a decoder has given up on -> whether it ends before its container says it should: cut off, rather than broken. */
import type { InputFormat } from '../report.ts';

/** TIFF and JPEG do not state their length; a JPEG's decoder tells by itself. */
export function endsEarly(bytes: Uint8Array, format: InputFormat): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case 'png':
      return !String.fromCharCode(...bytes.subarray(-12)).includes('IEND');
    case 'webp':
      return bytes.length < 8 + view.getUint32(4, true); // RIFF size
    case 'gif':
      return bytes.at(-1) !== 0x3b; // trailer
    case 'avif':
      return boxesEnd(view) > bytes.length;
    default:
      return false;
  }
}

/** Where the last top-level box of an ISO media file ends. */
function boxesEnd(view: DataView): number {
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const size = view.getUint32(at);
    if (size < 8) return view.byteLength; // "to the end of the file", or a 64-bit size no picture of ours needs
    at += size;
  }
  return at;
}
