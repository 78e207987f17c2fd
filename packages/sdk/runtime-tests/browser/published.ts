/** The package as it is published, on a site of its own, in a browser; pictures to try, and the same restored on Node's CPU. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeRestorer } from '@fairweather/core/node';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import type { RestoreOptions } from '../../src/engine-port.ts';
import { psnrDb } from '../../src/local/self-test.ts';
import { runCommand } from '../../testing/run-command.ts';
import { launchBrowser } from './browser.ts';
import { openSite, type Site } from './site.ts';

/** Small, for one thread and a software adapter are slow; odd, so that they are padded; not square, so that swapped sides do not pass. */
export const CROP = { left: 130, top: 40, width: 61, height: 43 } as const;
/** More than one tile of the smallest size the model allows. */
export const TILED = { left: 60, top: 30, width: 301, height: 161, tile: 256 } as const;

export type Published = {
  readonly site: Site;
  readonly browser: Browser;
  /** `crop.png` and `tiled.png`, on the site below /pictures. @returns their paths */
  picture(name: string): string;
  /** A second site, of another origin, with the assets alone: a CDN. */
  openCdn(): Promise<Site>;
  /** @returns a PNG */
  restoreOnNode(picture: string, options: Omit<RestoreOptions, 'onProgress'>): Promise<Uint8Array>;
  close(): Promise<void>;
};

export async function openPublished(): Promise<Published> {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'fairweather-browser-'));
  const copied = await runCommand(folder, ['assets', 'copy', 'assets']);
  if (copied.code !== 0) throw new Error(copied.stderr);
  const picture = (name: string): string => join(folder, name);
  const sample = sharp(here('../../../../samples/rain.jpg'));
  await sample.clone().extract(CROP).png().toFile(picture('crop.png'));
  await sample.clone().extract(TILED).png().toFile(picture('tiled.png'));
  const site = await openSite({ '': here('.'), dist: here('../../dist'), assets: join(folder, 'assets'), pictures: folder });
  const browser = await launchBrowser();
  return {
    site,
    browser,
    picture,
    openCdn: () => openSite({ '': join(folder, 'assets') }),
    async restoreOnNode(name, options) {
      await using restorer = await createNodeRestorer({ backend: 'cpu' });
      return (await restorer.restore(await readFile(picture(name)), { ...options, output: { format: 'png' } })).image;
    },
    async close() {
      await browser.close();
      await site.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Two PNGs, in dB. */
export async function compare(a: Uint8Array | readonly number[], b: Uint8Array): Promise<number> {
  const samples = (png: Uint8Array | readonly number[]): Promise<Buffer> => sharp(Uint8Array.from(png)).ensureAlpha().raw().toBuffer();
  return psnrDb(await samples(a), await samples(b));
}
