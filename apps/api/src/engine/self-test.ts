/** A restorer that has loaded -> whether it computes what PyTorch computed: the golden picture of the models' fixtures, restored and compared. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Restorer } from '@fairweather/core';
import sharp from 'sharp';

/** The seed the fixtures were made with (`models/recipe/parity.py`). */
const GOLDEN_SEED = 7;

/** Runtimes agree to this, by Fairweather's standing promise; a backend below it computes something else. */
export const SELF_TEST_MIN_DB = 50;

type GoldenEntry = { readonly dims: readonly [number, number, number, number]; readonly file: string; readonly offset: number };

/**
 * @param modelsDir folder with `fixtures/<default model>/golden.json`
 * @returns peak signal-to-noise ratio against PyTorch in dB; Infinity when equal. To be held against `SELF_TEST_MIN_DB`
 * @throws RestoreError `backend-failed`; Error when there are no fixtures
 */
export async function measureSelfTest(restorer: Restorer, modelsDir: string): Promise<number> {
  const folder = join(modelsDir, 'fixtures', restorer.manifest.defaultModel);
  const [degraded, expected] = await Promise.all([readPlanes(folder, 'picture.degraded'), readPlanes(folder, 'restoration.restored')]);
  const file = await sharp(degraded.samples, { raw: { width: degraded.width, height: degraded.height, channels: 3 } })
    .png()
    .toBuffer();
  const { image } = await restorer.restore(file, { seed: GOLDEN_SEED, scale: 'native', output: { format: 'png' } });
  return psnrDb(await sharp(image).raw().toBuffer(), expected.samples);
}

/** Planes [1,3,H,W] in [0,1], little-endian float32 -> samples [H,W,3], 8 bits. */
async function readPlanes(folder: string, name: string): Promise<{ readonly width: number; readonly height: number; readonly samples: Uint8Array }> {
  const entries = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as Readonly<Record<string, GoldenEntry>>; // written by parity.py
  const entry = entries[name];
  if (entry === undefined) throw new Error(`Expected "${name}" in ${join(folder, 'golden.json')}, it is not there; write the fixtures anew.`);
  const [, , height, width] = entry.dims; // [1,3,H,W]
  const bytes = await readFile(join(folder, entry.file));
  const area = width * height;
  const at = (index: number): number => bytes.readFloatLE(4 * (entry.offset + index));
  return { width, height, samples: Uint8Array.from({ length: 3 * area }, (_, i) => Math.round(255 * at((i % 3) * area + Math.floor(i / 3)))) };
}

/** Of two pictures of 8-bit samples. */
export function psnrDb(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return 10 * Math.log10((255 * 255 * a.length) / sum);
}
