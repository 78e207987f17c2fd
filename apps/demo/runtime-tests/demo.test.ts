/** The page as a visitor uses it, on a static host: dropped, restored on the device, looked at, downloaded. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoBrowser, findAccessFaults, launchDemoBrowser, openStaticHost, restored } from './demo-page.ts';

const samples = fileURLToPath(new URL('../../../samples/', import.meta.url));
let host: Awaited<ReturnType<typeof openStaticHost>>;
let browser: DemoBrowser;
let page: Page;
beforeAll(async () => {
  host = await openStaticHost();
  browser = await launchDemoBrowser();
  page = await browser.open(host.address);
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

it('restores a dropped photograph on the device, in the browser alone', async () => {
  await drop(page, 'rain.jpg', await readFile(`${samples}rain.jpg`));
  expect(await restored(page)).toMatch(/^Restored on this device, by WebAssembly, in \d+\.\d s\.$/);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await page.isDisabled('#where [value=server]')).toBe(true); // this host has none
});

it('divides before and after by the keyboard', async () => {
  await page.focus('#split');
  await page.keyboard.press('Home');
  const clip = (): Promise<string> => page.evaluate(() => getComputedStyle(document.getElementById('before') as Element).clipPath);
  const left = await clip();
  await page.keyboard.press('End');
  expect([left, await clip()]).toEqual(['inset(0px 100% 0px 0px)', 'inset(0px 0% 0px 0px)']);
});

it('scales what was taken away at once, without restoring again', async () => {
  const [before, full] = [await pixels(page, 'before'), await pixels(page, 'after')];
  expect(distance(before, full)).toBeGreaterThan(1); // of 255, on average: rain went
  await setRange(page, 'strength', 50);
  const half = before.map((value, k) => (value + (full[k] as number)) / 2);
  expect(distance(await pixels(page, 'after'), half)).toBeLessThan(1); // roundings
  await setRange(page, 'strength', 0);
  expect(await pixels(page, 'after')).toEqual(before);
  expect(await page.isVisible('#progress')).toBe(false);
});

it('downloads the file as the engine made it at full strength, and in between at less', async () => {
  await setRange(page, 'strength', 100);
  const full = await downloaded(page);
  await setRange(page, 'strength', 40);
  const less = await downloaded(page);
  expect([full.name, less.name]).toEqual(['rain.restored.jpg', 'rain.restored.jpg']);
  for (const { bytes } of [full, less]) expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]); // JPEG
  expect(full.bytes.equals(less.bytes)).toBe(false);
});

it('restores again without the weather that was unticked', async () => {
  await setRange(page, 'strength', 100);
  const all = await pixels(page, 'after');
  await page.uncheck('#weather [value=rain]');
  await page.waitForSelector('#progress', { state: 'visible' });
  await restored(page);
  expect(await page.isChecked('#weather [value=rain]')).toBe(false);
  const [before, rest] = [await pixels(page, 'before'), await pixels(page, 'after')];
  expect(distance(before, rest)).toBeLessThan(distance(before, all)); // the rain stayed
});

it('restores again by another model, which the facts name, and back', async () => {
  const model = async (): Promise<string> => /Model (\w+)/.exec((await page.textContent('#facts')) ?? '')?.[1] ?? '';
  const { models } = JSON.parse(await readFile(new URL('../../../models/manifest.json', import.meta.url), 'utf8'));
  const work = (models.lite.macs256.total / models.nano.macs256.total).toFixed(1);
  expect(await page.textContent('#model')).toMatch(new RegExp(`^nano, [\\d.]+ MBlite, [\\d.]+ MB, ${work} × the work$`));
  for (const name of ['lite', 'nano']) {
    await page.selectOption('#model', name);
    await page.waitForSelector('#progress', { state: 'visible' });
    await restored(page);
    expect(await model()).toBe(name);
  }
});

it('says what is wrong with a bad file, and goes on with the next', async () => {
  await drop(page, 'letter.txt', Buffer.from('Dear reader, this is no picture at all.'));
  await page.waitForSelector('#problem', { state: 'visible' });
  expect(await page.textContent('#problem code')).toBe('unsupported-format');
  expect(await page.isVisible('#compare')).toBe(false);
  await page.click('#samples button:has-text("Haze") >> nth=-1');
  await restored(page);
  expect(await page.isVisible('#problem')).toBe(false);
});

it('stops when it is told to, and takes the picture up again', async () => {
  await page.setInputFiles('#files', `${samples}snow.jpg`);
  await page.click('#cancel');
  await page.waitForFunction(() => document.getElementById('status')?.textContent === 'Cancelled');
  await page.click('#again');
  await restored(page);
});

it('works through several files and lets each be looked at, on a phone', async () => {
  const phone = await browser.open(host.address, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await phone.setInputFiles('#files', [`${samples}haze.jpg`, `${samples}raindrop.jpg`]);
  await phone.waitForFunction(() => document.querySelectorAll('#queue .state:not(:empty)').length === 2);
  await phone.waitForFunction(() => [...document.querySelectorAll('#queue .state')].every(({ textContent }) => textContent?.startsWith('done')));
  await phone.click('#queue li:nth-child(2) button');
  await restored(phone);
  expect(await phone.getAttribute('#queue li:nth-child(2) button', 'aria-current')).toBe('true');
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(360); // nothing sticks out
});

it.each(['light', 'dark'] as const)('has no fault of accessibility that axe finds, %s: at first, with a fault, with a picture', async (colorScheme) => {
  const seen = await browser.open(host.address, { colorScheme, bypassCSP: true });
  expect(await findAccessFaults(seen)).toEqual([]);
  await drop(seen, 'letter.txt', Buffer.from('No picture.'));
  await seen.waitForSelector('#problem', { state: 'visible' });
  expect(await findAccessFaults(seen)).toEqual([]);
  await seen.setInputFiles('#files', `${samples}haze.jpg`);
  await restored(seen);
  expect(await findAccessFaults(seen)).toEqual([]);
});

it('gives the browser nothing to complain about, its content security policy included', () => {
  expect(browser.complaints).toEqual([]);
});

async function drop(target: Page, name: string, bytes: Buffer): Promise<void> {
  await target.evaluate(
    ({ name, bytes }) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
      document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
    },
    { name, bytes: bytes.toString('base64') },
  );
}

async function setRange(target: Page, id: string, value: number): Promise<void> {
  await target.fill(`#${id}`, String(value));
  await target.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))); // it is drawn with the next frame
}

/** Every 97th sample of a canvas, RGBA. */
function pixels(target: Page, id: string): Promise<readonly number[]> {
  return target.evaluate((canvasId) => {
    const canvas = document.getElementById(canvasId) as HTMLCanvasElement;
    const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    return [...data].filter((_, k) => k % 97 === 0);
  }, id);
}

/** Mean absolute difference. */
function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + Math.abs(value - (b[k] as number)), 0) / a.length;
}

async function downloaded(target: Page): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([target.waitForEvent('download'), target.click('#download')]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
