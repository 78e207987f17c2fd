/** Whatever a caller has of a picture -> what an engine takes: a Blob, or decoded pixels. Its size is checked before it takes memory. */
import type { EngineInput, PixelInput } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import { MAX_BYTES, type ReadOptions, tooLarge } from './input-limit.ts';

/**
 * A picture: a file (Blob, File, bytes, a stream of bytes), decoded pixels (ImageData, ImageBitmap; only engines of a browser and Node take them),
 * or a place: a URL is fetched (http, https, data, blob, file), another string is a path in Node, Deno and Bun.
 */
export type PictureInput = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | ReadableStream<Uint8Array> | PixelInput | ImageBitmap | URL | string;

/** @throws RestoreError `too-large`, `empty-input`, `invalid-option`, `not-found`, `connection-failed` */
export async function readPicture(input: PictureInput, options: ReadOptions): Promise<EngineInput> {
  options.signal?.throwIfAborted();
  if (isPixels(input)) return input;
  const blob = await readFile(input, options);
  const { maxBytes = MAX_BYTES } = options;
  if (blob.size > maxBytes) throw tooLarge(maxBytes, `it has ${blob.size}`);
  if (blob.size === 0) throw new RestoreError('empty-input', 'Expected a picture, got zero bytes.');
  return blob;
}

/** Whether an input is decoded pixels, which no server takes. */
export function isPixels(input: unknown): input is PixelInput | ImageBitmap {
  if (typeof ImageBitmap !== 'undefined' && input instanceof ImageBitmap) return true;
  const { width, height, data } = (input ?? {}) as Partial<PixelInput>; // looked at below
  return typeof width === 'number' && typeof height === 'number' && ArrayBuffer.isView(data);
}

async function readFile(input: Exclude<PictureInput, PixelInput | ImageBitmap>, options: ReadOptions): Promise<Blob> {
  if (input instanceof Blob) return input;
  if (input instanceof ArrayBuffer || ArrayBuffer.isView(input)) return new Blob([input]);
  return (await import('./read-source.ts')).readSource(input, options);
}
