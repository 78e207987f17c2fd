/** What the page hands over -> a picture file: pixels and bitmaps become a PNG, which changes nothing in opaque pictures. Runs in the worker. */
import type { EngineInput } from '../engine-port.ts';
import { RestoreError } from '../errors.ts';

/** @throws RestoreError `invalid-option` */
export async function asPictureFile(input: EngineInput): Promise<Blob> {
  if (input instanceof Blob) return input;
  const { width, height } = input;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new RestoreError('too-large', `This browser has no canvas of ${width}x${height} pixels; make the picture smaller.`);
  if (input instanceof ImageBitmap) context.drawImage(input, 0, 0);
  else {
    if (input.data.length !== 4 * width * height)
      throw new RestoreError('invalid-option', `Pixels of ${width}x${height} must have ${4 * width * height} samples (RGBA), got ${input.data.length}.`);
    context.putImageData(new ImageData(new Uint8ClampedArray(input.data), width, height), 0, 0);
  }
  return context.canvas.convertToBlob({ type: 'image/png' });
}
