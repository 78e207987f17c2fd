/** A restorer on an untried backend and a picture restored by PyTorch -> how near it comes. Runs in the worker. */
import type { Precision, Restorer } from '@fairweather/core';

/**
 * The whole way is tried, decoder and canvas too: some browsers change what is read from a canvas. In one pass (`native`), as the picture was restored.
 * @returns peak signal-to-noise ratio in dB; Infinity for equal pictures
 */
export async function measureSelfTest(
  restorer: Restorer,
  { degraded, restored, seed }: { readonly degraded: Blob; readonly restored: Blob; readonly seed: number },
  { model, precision }: { readonly model: string; readonly precision: Precision },
): Promise<number> {
  const { image } = await restorer.restore(degraded, { model, precision, seed, scale: 'native', output: { format: 'png' } });
  return psnrDb(await readSamples(new Blob([image])), await readSamples(restored));
}

async function readSamples(png: Blob): Promise<Uint8ClampedArray> {
  const bitmap = await createImageBitmap(png, { colorSpaceConversion: 'none' });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
  context?.drawImage(bitmap, 0, 0);
  return context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? new Uint8ClampedArray();
}

/** Of two RGBA pictures of 8-bit samples, over R, G and B; 0 when they differ in size. */
export function psnrDb(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (i % 4 !== 3) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return 10 * Math.log10((255 * 255 * a.length * 0.75) / sum);
}
