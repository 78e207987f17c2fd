/** A picture before and after -> a file of what lies in between, written by the browser itself: 8 bits, without EXIF and XMP. */
import { drawBlend } from './blend.ts';

export type WriteOptions = {
  /** Of what was taken away, 0 to 1. */
  readonly strength: number;
  readonly mediaType: string;
  /** 1 to 100; PNG knows none. */
  readonly quality: number;
  readonly hasAlpha: boolean;
  /** Colours beyond sRGB are in it. @default false */
  readonly isWide?: boolean;
};

/** @throws when this browser cannot write the type */
export async function writePicture(before: Blob, restored: Blob, { strength, mediaType, quality, hasAlpha, isWide = false }: WriteOptions): Promise<Blob> {
  const [a, b] = await Promise.all([createImageBitmap(before), createImageBitmap(restored)]);
  const canvas = new OffscreenCanvas(b.width, b.height);
  // No other kind was asked for.
  const context = canvas.getContext('2d', { alpha: hasAlpha, colorSpace: isWide ? 'display-p3' : 'srgb' }) as OffscreenCanvasRenderingContext2D;
  drawBlend(context, a, b, strength, { x: 0, y: 0, width: b.width, height: b.height });
  a.close();
  b.close();
  const written = await canvas.convertToBlob({ type: mediaType, quality: quality / 100 });
  if (written.type !== mediaType) throw new Error(`This browser cannot write ${mediaType}.`);
  return written;
}

/** Of the types that are asked for, those this browser writes; it writes PNG in place of others. */
export async function findWritable(mediaTypes: readonly string[]): Promise<readonly string[]> {
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext('2d');
  const written = await Promise.all(mediaTypes.map(async (type) => (await canvas.convertToBlob({ type })).type));
  return mediaTypes.filter((type, k) => written[k] === type);
}
