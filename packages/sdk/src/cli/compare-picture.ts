/** The picture before and after -> one picture with both side by side. */
import type { OutputFormat } from '@fairweather/core';
import type { OutputInfo } from 'sharp';

/** Longest side of each half; two of them and the gap fit every container. */
export const COMPARE_SIDE_PX = 2048;
const GAP_PX = 8;

/** @returns a file in the given container; both halves are upright, sRGB, on white, and no larger than `COMPARE_SIDE_PX` */
export async function composeComparison(before: Uint8Array, after: Uint8Array, format: OutputFormat): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp'); // needed here alone when a server restores
  const halves = await Promise.all([before, after].map((file) => shrink(sharp, file)));
  const [left, right] = halves as [(typeof halves)[number], (typeof halves)[number]]; // two in, two out
  const canvas = {
    width: left.info.width + GAP_PX + right.info.width,
    height: Math.max(left.info.height, right.info.height),
    channels: 3 as const,
    background: 'white',
  };
  return sharp({ create: canvas })
    .composite([
      { input: left.data, left: 0, top: 0, raw: left.info },
      { input: right.data, left: left.info.width + GAP_PX, top: 0, raw: right.info },
    ])
    .removeAlpha() // compositing adds one
    .toFormat(format)
    .toBuffer();
}

function shrink(sharp: typeof import('sharp').default, file: Uint8Array): Promise<{ data: Buffer; info: OutputInfo }> {
  return sharp(file, { autoOrient: true })
    .resize(COMPARE_SIDE_PX, COMPARE_SIDE_PX, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
}
