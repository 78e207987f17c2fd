/**
 * `icon.svg` -> the PNG files that systems want for a page that is installed. Run when the drawing changes:
 *
 *     node apps/demo/build/draw-icons.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';

const folder = new URL('../public/', import.meta.url);
const drawing = await readFile(new URL('icon.svg', folder), 'utf8');
/** Systems cut their own shape out of this one: to its edges, and what counts within the middle four fifths. */
const full = drawing.replace(' rx="104"', '');

for (const [name, svg, sidePx] of [
  ['icon-192.png', drawing, 192],
  ['icon-512.png', drawing, 512],
  ['icon-maskable-512.png', full, 512],
  ['apple-touch-icon.png', full, 180],
] as const)
  await writeFile(
    new URL(name, folder),
    await sharp(Buffer.from(svg), { density: 288 }).resize(sidePx, sidePx).png({ palette: true, compressionLevel: 9 }).toBuffer(),
  );
