/** The page below a path of a plain host: kept at the first visit, made ready, taken anew by consent, and used without any network. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type DemoBrowser, findAccessFaults, launchDemoBrowser, restored } from './demo-page.ts';
import { openPlainHost, type StaticHost } from './static-host.ts';

/** A busy machine takes its time; nothing here is measured. */
const PATIENCE_MS = 120_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

let host: StaticHost;
let browser: DemoBrowser;
let page: Page;
beforeAll(async () => {
  host = await openPlainHost('/photos/weather/');
  browser = await launchDemoBrowser();
  page = await browser.open(host.address, { bypassCSP: true }); // for axe; the other tests hold the policy
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

const untilState = (text: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.getElementById('device-state')?.textContent === wanted, text, { timeout: PATIENCE_MS });
const cached = (): Promise<readonly string[]> =>
  page.evaluate(async () =>
    (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat(),
  );

it('keeps the page at the first visit, but says that the engine is not there', async () => {
  await page.click('#device summary');
  await untilState('not ready for offline use');
  expect(await page.textContent('#device-note')).toMatch(/\d\.\d MB are fetched/);
  expect(await page.isVisible('#delete-stored')).toBe(false);
  expect(await findAccessFaults(page)).toEqual([]);
});

it('is made ready by a button, and stores nothing twice', async () => {
  await page.click('#make-ready');
  await untilState('ready for offline use');
  expect(await page.textContent('#device-files')).toMatch(/Model nano\d.*Engine.*This page.*In all/);
  const kept = (await cached()).map((url) => url.replace(/^.*\//, '').replace(/\?.*$/, ''));
  expect(kept.filter((name) => name.endsWith('.wasm'))).toHaveLength(1);
  expect(new Set(kept).size).toBe(kept.length);
  expect(await findAccessFaults(page)).toEqual([]);
});

it('offers a newer page, and takes it when the reader agrees', async () => {
  await host.change('service-worker.js', (text) => `${text}\n// newer`);
  await page.reload();
  await page.waitForSelector('#update', { state: 'visible' });
  expect(await findAccessFaults(page)).toEqual([]);
  const reloaded = page.waitForEvent('load');
  await page.click('#update-now');
  await reloaded;
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  const waiting = await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting);
  expect([waiting, await page.isVisible('#update')]).toEqual([null, false]);
});

it('opens and restores without a network, on several threads although the host sends no header for them', async () => {
  await host.close();
  await page.context().setOffline(true);
  await page.reload();
  await untilState('ready for offline use');
  expect(await page.textContent('#network')).toContain('No network');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.click('#samples button >> nth=4');
  expect(await restored(page)).toMatch(/^Restored on this device/);
});

it('deletes model and engine, and no longer says that it is ready, whatever an earlier look still finds', async () => {
  await page.evaluate(() => {
    const { keys, match } = Cache.prototype;
    const late = <Found>(found: Found): Promise<Found> => new Promise((resolve) => setTimeout(resolve, 2000, found));
    Object.assign(Cache.prototype, {
      async keys(this: Cache, ...asked: Parameters<typeof keys>) {
        return late(await keys.apply(this, asked));
      },
      async match(this: Cache, ...asked: Parameters<typeof match>) {
        return late(await match.apply(this, asked));
      },
    });
    document.getElementById('delete-stored')?.addEventListener('click', () => Object.assign(Cache.prototype, { keys, match }), { capture: true, once: true });
  });
  await page.click('#device summary'); // the panel opens, and looks
  await page.waitForTimeout(500);
  await page.click('#delete-stored');
  await untilState('not ready for offline use');
  await page.waitForTimeout(3000); // what the look before found has come
  expect(await page.textContent('#device-state')).toBe('not ready for offline use');
  expect((await cached()).filter((url) => url.includes('fairweather.invalid'))).toEqual([]);
  expect(await page.isVisible('#delete-stored')).toBe(false);
});

it('can be installed while the browser offers it', async () => {
  expect(await page.isVisible('#install')).toBe(false);
  await page.evaluate(() => {
    const offer = Object.assign(new Event('beforeinstallprompt', { cancelable: true }), { prompt: async () => document.body.setAttribute('data-asked', '') });
    dispatchEvent(offer);
  });
  await page.click('#install');
  expect([await page.getAttribute('body', 'data-asked'), await page.isVisible('#install')]).toEqual(['', false]);
});
