/** Decoded pixels: interleaved rows of 8- or 16-bit samples, as they stand in the file, upright. */
import { RestoreError } from '../errors.ts';

/**
 * Rows from the top, pixels from the left, `channels` samples each: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (not premultiplied).
 * `Uint8Array` samples are 0 to 255, `Uint16Array` samples 0 to 65535.
 */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
};

/** The sample that means 1.0: 255 or 65535. */
export function whiteLevel(pixels: Pixels): 255 | 65535 {
  return pixels.data instanceof Uint16Array ? 65535 : 255;
}

/** How many of the channels carry colour: 1 (grey) or 3 (RGB). */
export function colourChannels(pixels: Pixels): 1 | 3 {
  return pixels.channels <= 2 ? 1 : 3;
}

/** As many samples of the same kind, all 0. */
export function createPixels(like: Pixels): Pixels {
  return { ...like, data: like.data instanceof Uint16Array ? new Uint16Array(like.data.length) : new Uint8Array(like.data.length) };
}

/** What an integer array is to be given for this value: clipped; halves round up, for it cuts off what stands behind the point. */
export function toSample(value: number, white: number): number {
  return value <= 0 ? 0 : value >= white ? white : value + 0.5;
}

/**
 * Refuses pixels whose data do not fit their sides.
 * @throws RestoreError `dims-mismatch`
 */
export function assertPixels(pixels: Pixels): void {
  const { width, height, channels, data } = pixels;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1 || data.length !== width * height * channels)
    throw new RestoreError(
      'dims-mismatch',
      `Pixels of ${width}x${height} with ${channels} channels need ${width * height * channels} samples, got ${data.length}.`,
    );
}
