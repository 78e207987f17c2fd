/** A restored picture as a visitor looks at it: nearer, moved, divided, the original held up against it, by mouse, fingers and keys. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutSample, type DemoBrowser, downloadBy, launchDemoBrowser, openStaticHost, restored } from './demo-page.ts';

const SIZE = { width: 192, height: 128 };
/** The frame's size at the viewport below, and where the picture's upper left corner is when its middle is shown with eight pixels a pixel. */
const FRAME = { width: 672, height: 448 };
const MIDDLE = { x: FRAME.width / 2 - 4 * SIZE.width, y: FRAME.height / 2 - 4 * SIZE.height };
let host: Awaited<ReturnType<typeof openStaticHost>>;
let browser: DemoBrowser;
let page: Page;
let touch: CDPSession;
let frame: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
let files: { readonly before: string; readonly after: string };
beforeAll(async () => {
  host = await openStaticHost();
  browser = await launchDemoBrowser();
  page = await browser.open(host.address, { viewport: { width: 704, height: 900 }, hasTouch: true });
  touch = await page.context().newCDPSession(page);
  const sample = await readFile(fileURLToPath(new URL('../../../samples/rain.jpg', import.meta.url)));
  const picture = await cutSample(page, sample, SIZE);
  await page.setInputFiles('#files', { name: 'rain.png', mimeType: 'image/png', buffer: picture });
  await restored(page);
  const { bytes } = await downloadBy(page, () => page.click('#download'));
  files = { before: picture.toString('base64'), after: bytes.toString('base64') };
  await page.locator('#compare').scrollIntoViewIfNeeded();
  frame = await page.locator('#compare').evaluate((element) => element.getBoundingClientRect().toJSON());
  expect(frame).toMatchObject(FRAME);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

it('shows before and after at the same place at eight pixels a pixel, each as the square it is, and moves both', async () => {
  await page.focus('#compare');
  for (let k = 0; k < 6; k++) {
    await page.keyboard.press('+');
    await settle();
  }
  expect(await page.textContent('#size')).toBe('800 %');
  expect(await differences(MIDDLE)).toEqual([0, 0]);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowUp');
  expect(await differences({ x: MIDDLE.x - 60, y: MIDDLE.y + 60 })).toEqual([0, 0]);
});

it('says the size to those who do not see it, and shows the whole again with 0', async () => {
  await page.waitForFunction(() => document.getElementById('said')?.textContent === '800 % of real size');
  await page.keyboard.press('0');
  await page.waitForFunction(() => document.getElementById('said')?.textContent === 'The whole picture');
  expect(await page.textContent('#size')).toBe('200 %');
});

it('comes nearer by the wheel where the pointer is, moves by a drag, and leaves the wheel to the page when the whole is shown', async () => {
  const at = { x: 300, y: Math.round(frame.y + 200) }; // wheels tell whole pixels
  await page.mouse.move(at.x, at.y);
  await page.mouse.wheel(0, -3000);
  await settle();
  const whole = { x: (FRAME.width - 2 * SIZE.width) / 2, y: (FRAME.height - 2 * SIZE.height) / 2 };
  const near = { x: at.x - frame.x - 4 * (at.x - frame.x - whole.x), y: at.y - frame.y - 4 * (at.y - frame.y - whole.y) }; // four times as near
  expect(await differences(near)).toEqual([0, 0]);
  await drag({ x: at.x - 80, y: at.y }, { x: at.x - 120, y: at.y - 30 });
  expect(await differences({ x: near.x - 40, y: near.y - 30 })).toEqual([0, 0]);
  await page.mouse.wheel(0, 5000);
  await settle();
  expect(await page.textContent('#size')).toBe('200 %');
  const top = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, 40);
  await page.waitForFunction((before) => scrollY > before, top);
  await page.evaluate((before) => scrollTo(0, before), top);
});

it('comes nearer by two fingers and by two taps', async () => {
  const [x, y] = [frame.x + frame.width / 2, frame.y + frame.height / 3];
  await fingers('touchStart', [x - 40, y], [x + 40, y]);
  await fingers('touchMove', [x - 80, y], [x + 80, y]);
  await fingers('touchEnd');
  expect(await page.textContent('#size')).toBe('400 %');
  for (const _ of [1, 2]) {
    await fingers('touchStart', [x - 90, y]);
    await fingers('touchEnd');
  }
  await page.waitForFunction(() => document.getElementById('size')?.textContent === '200 %');
});

it('divides by the handle, or by a drag anywhere on a whole picture', async () => {
  const y = frame.y + frame.height / 3;
  await drag({ x: frame.x + frame.width / 2, y }, { x: frame.x + frame.width / 4, y });
  expect(await page.inputValue('#split')).toBe('25');
  await drag({ x: frame.x + 20, y }, { x: frame.x + (3 * frame.width) / 4, y });
  expect(await page.inputValue('#split')).toBe('75');
  expect(await page.evaluate(() => getComputedStyle(document.getElementById('after') as Element).clipPath)).toBe('inset(0px 0px 0px 75%)');
});

it('shows the original while the picture is pressed, by mouse or finger, a key is held, or the button', async () => {
  const at = [frame.x + frame.width / 4, frame.y + 40] as const;
  const shown = (): Promise<readonly unknown[]> =>
    page.evaluate(() => [
      document.querySelector('#compare[data-held]') !== null,
      getComputedStyle(document.getElementById('before') as Element).clipPath === 'none',
      getComputedStyle(document.getElementById('after') as Element).visibility,
      document.getElementById('original')?.ariaPressed,
      document.getElementById('said')?.textContent,
    ]);
  const original = [true, true, 'hidden', 'true', 'The original is shown'];
  const both = [false, false, 'visible', 'false', 'The restored picture is shown again'];
  const ways: readonly (readonly [() => Promise<unknown>, () => Promise<unknown>])[] = [
    [() => page.mouse.move(...at).then(() => page.mouse.down()), () => page.mouse.up()],
    [() => fingers('touchStart', at), () => fingers('touchEnd')],
    [() => page.focus('#compare').then(() => page.keyboard.down('b')), () => page.keyboard.up('b')],
    [() => page.keyboard.down('Space'), () => page.keyboard.up('Space')],
    [() => page.focus('#original').then(() => page.keyboard.down('Enter')), () => page.keyboard.up('Enter')],
  ];
  for (const [press, release] of ways) {
    await press();
    await page.waitForSelector('#compare[data-held]');
    expect(await shown()).toEqual(original);
    await release();
    expect(await shown()).toEqual(both);
  }
});

it('shows what was taken away at the same place', async () => {
  await page.check('#residual');
  await page.focus('#compare');
  for (let k = 0; k < 6; k++) {
    await page.keyboard.press('+');
    await settle();
  }
  const [before, difference] = await differences(MIDDLE, 'difference');
  expect([before, difference]).toEqual([0, 0]);
  await page.keyboard.press('0');
  await page.uncheck('#residual');
});

it('gives the browser nothing to complain about', () => {
  expect(browser.complaints).toEqual([]);
});

/** A glide is over and its last frame drawn. */
async function settle(): Promise<void> {
  await page.waitForTimeout(250);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

async function drag(from: { readonly x: number; readonly y: number }, to: { readonly x: number; readonly y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
  await settle();
}

async function fingers(type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: readonly (readonly [number, number])[]): Promise<void> {
  await touch.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
}

/**
 * The picture drawn by the test with eight device pixels a pixel, its upper left corner there, against what the page shows.
 * @returns the largest differences of a sample of before and of after (or of what was taken away), in the frame's middle, where the picture is
 */
function differences({ x, y }: { readonly x: number; readonly y: number }, shown: 'after' | 'difference' = 'after'): Promise<readonly number[]> {
  return page.evaluate(
    async ({ x, y, files, shown }) => {
      const canvases = ['before', 'after'].map((id) => document.getElementById(id) as HTMLCanvasElement);
      const { width, height } = canvases[0] as HTMLCanvasElement;
      const draw = async (file: string): Promise<Uint8ClampedArray> => {
        const context = new OffscreenCanvas(width, height).getContext('2d') as OffscreenCanvasRenderingContext2D;
        const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${file}`)).blob());
        context.imageSmoothingEnabled = false;
        context.drawImage(bitmap, Math.round(x), Math.round(y), 8 * bitmap.width, 8 * bitmap.height);
        return context.getImageData(0, 0, width, height).data;
      };
      const [before, after] = [await draw(files.before), await draw(files.after)];
      const wanted = [
        before,
        shown === 'after' ? after : before.map((value, k) => (k % 4 === 3 ? value : Math.min(255, 2 * Math.abs(value - (after[k] as number))))),
      ];
      return canvases.map((canvas, n) => {
        const seen = [...(canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [])];
        return seen.reduce((largest, value, k) => Math.max(largest, Math.abs(value - (wanted[n]?.[k] as number))), 0);
      });
    },
    { x, y, files, shown },
  );
}
