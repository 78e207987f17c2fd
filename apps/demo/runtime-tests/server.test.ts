/** The page as the API serves it: restored on the server, and on the device when the visitor says so. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DIST, type DemoBrowser, launchDemoBrowser, restored } from './demo-page.ts';

let server: ChildProcessWithoutNullStreams;
let browser: DemoBrowser;
let page: Page;
beforeAll(async () => {
  server = spawn(process.execPath, [fileURLToPath(new URL('../../api/src/main.ts', import.meta.url))], {
    env: { ...process.env, PORT: '0', FAIRWEATHER_DEMO_DIR: DIST },
  });
  browser = await launchDemoBrowser();
  page = await browser.open(await untilReady(server));
});
afterAll(async () => {
  await browser?.close();
  if (server?.kill('SIGTERM')) await once(server, 'exit');
});

it('restores on the server by itself, and says that pictures go there', async () => {
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.waitForFunction(() => document.getElementById('where-note')?.textContent?.includes('are sent to this page’s server'));
  await page.click('#samples button:has-text("Raindrops")');
  expect(await restored(page)).toMatch(/^Restored on the server in \d+\.\d+ s\.$/);
});
it('restores the same picture on the device after the switch, and sends nothing', async () => {
  const sent: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  await page.selectOption('#where', 'device');
  await page.waitForSelector('#progress', { state: 'visible' });
  expect(await restored(page)).toMatch(/^Restored on this device, by WebAssembly,/);
  expect(sent).toEqual([]);
});
it('gives the browser nothing to complain about under the server’s content security policy', () => {
  expect(browser.complaints).toEqual([]);
});

/** @returns its address */
async function untilReady({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  stderr.pipe(process.stderr);
  let address: string | undefined;
  for await (const line of createInterface({ input: stdout })) {
    const { msg, url } = JSON.parse(line) as { readonly msg: string; readonly url?: string }; // the API's log
    address ??= url;
    if (msg === 'ready' && address !== undefined) {
      stdout.resume();
      return address;
    }
  }
  throw new Error('The API ended before it was ready.');
}
