/** A real Chromium without a GPU, and the built page in it: on a static host of its own, or wherever it is served. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { preview } from 'vite';
import { type ChromiumOptions, launchChromium } from '../../../scripts/launch-chromium.ts';

/** The built page. */
export const DIST: string = fileURLToPath(new URL('../dist/', import.meta.url));

export type DemoBrowser = {
  open(address: string, options?: BrowserContextOptions): Promise<Page>;
  /** What the pages complained about. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
};

export async function launchDemoBrowser(options: ChromiumOptions = {}): Promise<DemoBrowser> {
  if (!existsSync(`${DIST}index.html`)) throw new Error('Expected the built page in apps/demo/dist, found none; run npm run build.');
  const browser = await launchChromium(options);
  const complaints: string[] = [];
  return {
    complaints,
    async open(address, options) {
      const page = await (await browser.newContext(options)).newPage();
      page.setDefaultTimeout(40_000); // a busy machine takes a while to start the engine; the tests' own limits are lower where it runs already
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        const asked = message.location().url.endsWith('/v1/limits'); // whether there is a server; the browser writes its 404 down
        if (message.type() === 'error' && !asked) complaints.push(message.text());
      });
      await page.goto(address);
      return page;
    },
    close: () => browser.close(),
  };
}

/** A static host, which has the page and nothing else. */
export async function openStaticHost(): Promise<{ readonly address: string; close(): Promise<void> }> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const server = await preview({ root, configFile: `${root}vite.config.ts`, logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
  return { address: server.resolvedUrls?.local[0] as string, close: () => server.close() }; // it listens
}

/** The picture that is looked at is done and painted. @returns what the page says about it */
export async function restored(page: Page): Promise<string | null> {
  await page.waitForFunction(() => document.getElementById('status')?.textContent?.startsWith('Restored'));
  await page.waitForFunction(() => document.getElementById('stage')?.dataset.shown === 'restored');
  return page.textContent('#status');
}

/** A part of a sample, small so that it is soon restored. PNG goes in and out without losses. */
export async function cutSample(page: Page, sample: Buffer, size: { readonly width: number; readonly height: number }, type = 'image/png'): Promise<Buffer> {
  const url = await page.evaluate(
    async ({ jpeg, width, height, type }) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${jpeg}`)).blob());
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      canvas.getContext('2d')?.drawImage(bitmap, 160, 80, 2 * width, 2 * height, 0, 0, width, height);
      return canvas.toDataURL(type);
    },
    { jpeg: sample.toString('base64'), ...size, type },
  );
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

/** What a click, or whatever else, makes the page download. */
export async function downloadBy(page: Page, act: () => Promise<unknown>): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** Faults of accessibility that axe finds in the page as it is now, by its rules' names. The page's policy must be bypassed (`bypassCSP`): axe is no script of its own. */
export async function findAccessFaults(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { readonly axe: typeof import('axe-core') }; // the script above
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}
