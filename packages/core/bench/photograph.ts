/** A size -> files that cost what a photograph of that size does. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { paintPixels } from '../testing/pictures.ts';

/** A JPEG with ramps and fine grain, as heavy as a photograph. */
export async function writePhotograph(folder: string, width: number, height: number): Promise<string> {
  const motif = paintPixels(1000, 750);
  const repeated = await sharp(motif.data, { raw: { width: 1000, height: 750, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const jpeg = await sharp({ create: { width, height, channels: 3, background: 'black' }, limitInputPixels: false })
    .composite([{ input: repeated, tile: true, gravity: 'northwest' }])
    .jpeg({ quality: 90 })
    .toBuffer();
  const file = join(folder, `${width}x${height}.jpg`);
  await writeFile(file, jpeg);
  return file;
}

const HAZY = fileURLToPath(new URL('../../../samples/haze.jpg', import.meta.url));

/** The hazy sample, enlarged. */
export async function writeHazyPhotograph(folder: string, width: number, height: number): Promise<string> {
  const file = join(folder, `${width}x${height}-haze.jpg`);
  await sharp(HAZY).resize(width, height, { fit: 'fill' }).jpeg({ quality: 90 }).toFile(file);
  return file;
}
