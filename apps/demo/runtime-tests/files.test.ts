/** What a visitor takes away: files in every format, copies, a zip; and the queue they come from, by keys alone and on a phone. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutSample, type DemoBrowser, downloadBy, findAccessFaults, launchDemoBrowser, openStaticHost, restored } from './demo-page.ts';

const SIZE = { width: 96, height: 64 };
let host: Awaited<ReturnType<typeof openStaticHost>>;
let browser: DemoBrowser;
let page: Page;
let folder: string;
let picture: Buffer;
beforeAll(async () => {
  host = await openStaticHost();
  browser = await launchDemoBrowser();
  page = await browser.open(host.address, { viewport: { width: 360, height: 740 }, permissions: ['clipboard-read', 'clipboard-write'], bypassCSP: true });
  picture = await cutSample(page, await readFile(fileURLToPath(new URL('../../../samples/rain.jpg', import.meta.url))), SIZE);
  folder = await mkdtemp(join(tmpdir(), 'fairweather-'));
  await mkdir(join(folder, 'deeper'));
  for (const name of ['2.png', '10.png', 'deeper/1.png']) await writeFile(join(folder, name), picture);
  await writeFile(join(folder, 'notes.txt'), 'No picture.');
  await writeFile(join(folder, 'broken.jpg'), 'No picture either.');
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await host?.close();
  if (folder) await rm(folder, { recursive: true });
});

it('is used by keys alone from choosing a picture to its download', { timeout: 120_000 }, async () => {
  const asked = page.waitForEvent('filechooser'); // well before the key: Chromium must have been told not to open a dialog of its own
  await page.keyboard.press('Tab');
  await page.evaluate(() => document.activeElement?.id);
  await page.keyboard.press('Space');
  const chooser = await asked;
  await chooser.setFiles({ name: 'a rainy day.png', mimeType: 'image/png', buffer: picture });
  await restored(page);
  const reach = async (id: string): Promise<void> => {
    for (let k = 0; k < 40; k++) {
      if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`#${id} is not reached by the Tab key.`);
  };
  await reach('split');
  await page.keyboard.press('End');
  expect(await page.inputValue('#split')).toBe('100');
  await reach('download');
  const { name, bytes } = await downloadBy(page, () => page.keyboard.press('Enter'));
  expect([name, kindOf(bytes), await sizeOf(bytes)]).toEqual(['a rainy day.restored.png', 'png', SIZE]);
});

it.each(['jpeg', 'png', 'webp'])('writes %s, in the picture’s size, under the name it is given', async (format) => {
  await page.evaluate(() => document.getElementById('file')?.setAttribute('open', ''));
  await page.selectOption('#format', format);
  await page.fill('#name', `dry: ${format}`);
  const { name, bytes } = await downloadBy(page, () => page.click('#download'));
  expect([name, kindOf(bytes), await sizeOf(bytes)]).toEqual([`dry- ${format}.${format.replace('jpeg', 'jpg')}`, format, SIZE]);
  expect(await page.isDisabled('#quality')).toBe(format === 'png');
});

it('writes smaller files at a lower quality', async () => {
  await page.selectOption('#format', 'jpeg');
  const high = await downloadBy(page, () => page.click('#download'));
  await page.fill('#quality', '40');
  expect(await page.textContent('#file-summary')).toBe('JPEG, quality 40');
  const low = await downloadBy(page, () => page.click('#download'));
  expect(low.bytes.length).toBeLessThan(0.7 * high.bytes.length);
});

it('offers no format that neither this browser nor its engine writes', async () => {
  await page.waitForFunction(() => document.querySelector<HTMLOptionElement>('#format [value=avif]')?.disabled); // Chromium reads AVIF but writes none
  await page.selectOption('#format', 'same');
});

it('copies the restored picture, and takes a pasted one', async () => {
  await page.click('#copy');
  await page.waitForFunction(() => document.getElementById('saving-text')?.textContent === 'Copied');
  await page.keyboard.press('Control+V');
  await page.waitForFunction(() => document.querySelectorAll('#queue li').length === 2);
  await restored(page);
  const { bytes } = await downloadBy(page, () => page.click('#download'));
  expect(await sizeOf(bytes)).toEqual(SIZE);
});

it('takes the pictures of a dropped folder, however deep, and passes over what is none', async () => {
  await page.click('#clear');
  expect(await page.isVisible('#stage')).toBe(false);
  const drag = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await drag.send('Input.dispatchDragEvent', { type, x: 100, y: 100, data: { items: [], files: [folder], dragOperationsMask: 1 } });
  await page.waitForFunction(() => document.getElementById('queue-summary')?.textContent === '3 of 4 done, 1 failed');
  expect(await page.locator('#queue .name').allTextContents()).toEqual(['2.png', '10.png', 'broken.jpg', '1.png']);
});

it('has no fault of accessibility and nothing that sticks out on a phone, with a queue and every choice open', async () => {
  await page.click('#queue li:first-child .open');
  await restored(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await findAccessFaults(page)).toEqual([]);
});

it('tries a failed one again, lets one be removed by the keyboard, and goes on at the next', async () => {
  await page.click('#retry');
  await page.waitForFunction(() => document.getElementById('queue-summary')?.textContent === '3 of 4 done, 1 failed');
  await page.focus('#queue li:nth-child(3) .open');
  await page.keyboard.press('Delete');
  expect(await page.textContent('#queue-summary')).toBe('3 of 3 done');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('1.png');
  expect(await page.isVisible('#retry')).toBe(false);
});

it('puts all of them in a zip, each under a name of its own', async () => {
  await page.evaluate(() => Reflect.deleteProperty(globalThis, 'showSaveFilePicker')); // as in Firefox and Safari
  await page.selectOption('#format', 'webp');
  const { name, bytes } = await downloadBy(page, () => page.click('#zip'));
  expect(name).toBe('fairweather.zip');
  expect(filesIn(bytes)).toEqual(['2.restored.webp webp', '10.restored.webp webp', '1.restored.webp webp']);
  expect(await page.textContent('#saving-text')).toBe('3 pictures in fairweather.zip');
});

it('writes the zip to the disk while it grows, where the browser can', async () => {
  await page.evaluate(() => {
    const pick = async (): Promise<FileSystemFileHandle> => (await navigator.storage.getDirectory()).getFileHandle('picked.zip', { create: true });
    Object.assign(globalThis, { showSaveFilePicker: pick }); // a real file, without the dialog that nobody is there to answer
  });
  await page.click('#zip');
  await page.waitForFunction(() => document.getElementById('saving')?.dataset.state === 'done');
  const base64 = await page.evaluate(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle('picked.zip')).getFile();
    return btoa(String.fromCharCode(...new Uint8Array(await file.arrayBuffer())));
  });
  expect(filesIn(Buffer.from(base64, 'base64'))).toEqual(['2.restored.webp webp', '10.restored.webp webp', '1.restored.webp webp']);
});

it('gives the browser nothing to complain about', () => {
  expect(browser.complaints).toEqual([]);
});

/** By the first bytes. */
function kindOf(bytes: Buffer): string {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpeg';
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'png';
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP' ? 'webp' : 'unknown';
}

/** As the browser decodes it. */
function sizeOf(bytes: Buffer): Promise<{ readonly width: number; readonly height: number }> {
  return page.evaluate(async (base64) => {
    const { width, height } = await createImageBitmap(await (await fetch(`data:;base64,${base64}`)).blob());
    return { width, height };
  }, bytes.toString('base64'));
}

/** Names and kinds of the files of a zip that stores them as they are, by its central directory (PKWARE APPNOTE, 4.3.12). */
function filesIn(zip: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at !== -1; at = zip.indexOf('PK\x01\x02', at + 4)) {
    const local = zip.readUInt32LE(at + 42);
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    found.push(`${zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28))} ${kindOf(zip.subarray(data))}`);
  }
  return found;
}
