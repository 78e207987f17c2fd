/** The page as the API serves it: restored on the server, and on the device when the visitor says so. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiServer, startApi } from './api-server.ts';
import { cutSample, type DemoBrowser, downloadBy, launchDemoBrowser, restored } from './demo-page.ts';

let server: ApiServer;
let browser: DemoBrowser;
let page: Page;
beforeAll(async () => {
  server = await startApi();
  browser = await launchDemoBrowser();
  page = await browser.open(server.address);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

it('restores on the server by itself, and says that pictures go there', async () => {
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.waitForFunction(() => document.getElementById('where-note')?.textContent?.includes('are sent to this page’s server'));
  await page.click('#samples button:has-text("Raindrops")');
  expect(await restored(page)).toMatch(/^Restored on the server in \d+\.\d+ s\.$/);
});
it('keeps EXIF in every format the server writes, AVIF too, and leaves it out when told to', async () => {
  const sample = await readFile(fileURLToPath(new URL('../../../samples/rain.jpg', import.meta.url)));
  const buffer = describe(await cutSample(page, sample, { width: 96, height: 64 }, 'image/jpeg'), 'A rainy day');
  await page.setInputFiles('#files', { name: 'rain.jpg', mimeType: 'image/jpeg', buffer });
  await restored(page);
  await page.click('#file summary');
  await page.waitForFunction(() => document.querySelector<HTMLOptionElement>('#format [value=avif]')?.disabled === false);
  for (const [format, note] of [
    ['same', 'with the EXIF and XMP of yours'],
    ['webp', 'The server restores the picture once more'],
    ['avif', 'The server restores the picture once more'],
  ] as const) {
    await page.selectOption('#format', format);
    expect(await page.textContent('#file-note')).toContain(note);
    const { name, bytes } = await downloadBy(page, () => page.click('#download'));
    expect([name, bytes.includes('A rainy day')]).toEqual([`rain.restored.${format === 'same' ? 'jpg' : format}`, true]);
  }
  await page.selectOption('#format', 'same');
  await page.uncheck('#keep');
  const { bytes } = await downloadBy(page, () => page.click('#download'));
  expect([[...bytes.subarray(0, 3)], bytes.includes('A rainy day')]).toEqual([[0xff, 0xd8, 0xff], false]);
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

/** A JPEG with an EXIF segment that holds an image description (Exif 2.3, 4.5.2 and 4.6.4; TIFF 6.0). */
function describe(jpeg: Buffer, text: string): Buffer {
  const description = Buffer.from(`${text}\0`);
  const tiff = Buffer.alloc(26); // header, one entry, no further directory
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(1, 8);
  tiff.writeUInt16LE(0x010e, 10);
  tiff.writeUInt16LE(2, 12);
  tiff.writeUInt32LE(description.length, 14);
  tiff.writeUInt32LE(tiff.length, 18);
  const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff, description]);
  const marker = Buffer.from([0xff, 0xe1, 0, 0]);
  marker.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), marker, body, jpeg.subarray(2)]);
}
