/** The page on WebGPU, by Chromium's software adapter: no other machine is needed, and it takes its time. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutSample, type DemoBrowser, launchDemoBrowser, openStaticHost, restored } from './demo-page.ts';

let host: Awaited<ReturnType<typeof openStaticHost>>;
let browser: DemoBrowser;
beforeAll(async () => {
  host = await openStaticHost();
  browser = await launchDemoBrowser({ webgpu: true });
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

it('restores by WebGPU when the visitor says so', { timeout: 240_000 }, async () => {
  const page = await browser.open(host.address);
  const sample = await readFile(fileURLToPath(new URL('../../../samples/rain.jpg', import.meta.url)));
  await page.selectOption('#where', 'webgpu');
  await page.setInputFiles('#files', { name: 'rain.png', mimeType: 'image/png', buffer: await cutSample(page, sample, { width: 64, height: 48 }) });
  page.setDefaultTimeout(230_000);
  expect(await restored(page)).toMatch(/^Restored on this device, by WebGPU, in \d+\.\d s\.$/);
  expect(browser.complaints).toEqual([]);
});
