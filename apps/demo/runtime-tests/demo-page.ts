/** The built page on a static host of its own, in a real Chromium without a GPU: the device restores by WebAssembly. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { preview } from 'vite';
import { findChromium } from '../../../scripts/find-chromium.ts';

export type DemoPage = {
  open(options?: BrowserContextOptions): Promise<Page>;
  /** What the pages complained about. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
};

export async function openDemo(): Promise<DemoPage> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  if (!existsSync(`${root}dist/index.html`)) throw new Error('Expected the built page in apps/demo/dist, found none; run npm run build.');
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('Expected Chromium or Chrome, found none; run npm test, which installs one, or name one with CHROMIUM_PATH.');
  const server = await preview({ root, configFile: `${root}vite.config.ts`, logLevel: 'error', preview: { host: '127.0.0.1', port: 0 } });
  const address = server.resolvedUrls?.local[0] as string; // it listens
  const browser: Browser = await chromium.launch({
    executablePath,
    args: ['--headless=new', '--no-sandbox', '--disable-background-networking', '--no-first-run'],
  });
  const complaints: string[] = [];
  return {
    complaints,
    async open(options) {
      const page = await (await browser.newContext(options)).newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        const asked = message.location().url.endsWith('/v1/limits'); // whether there is a server; the browser writes its 404 down
        if (message.type() === 'error' && !asked) complaints.push(message.text());
      });
      await page.goto(address);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
