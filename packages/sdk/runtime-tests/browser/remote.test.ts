/** The client in a page of another origin than the server: what only a browser shows of it. */
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import type { ProgressEvent } from '../../src/engine-port.ts';
import { largeRainyPicture, rainyPicture } from '../../testing/client-suite.ts';
import { psnr } from '../../testing/psnr.ts';
import { launchBrowser, openPage } from './browser.ts';
import { openSite, type Site } from './site.ts';

declare global {
  var sdk: typeof import('../../src/index.ts');
}

let api: Awaited<ReturnType<typeof startTestServer>>;
let site: Site;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  api = await startTestServer({ FAIRWEATHER_CORS_ORIGINS: '*' });
  site = await openSite({ '': here('.'), dist: here('../../dist') });
  browser = await launchBrowser();
  page = await openPage(await browser.newContext(), site.origin);
  await page.addScriptTag({ type: 'module', content: "globalThis.sdk = await import('/dist/index.js');" });
  await page.waitForFunction(() => 'sdk' in globalThis);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await api?.close();
});

describe.each([false, true])('in a page, jobs %s', (jobs) => {
  it('sends a picture, tells the bytes of its upload and names the request, across origins', async () => {
    const bytes = Array.from(new Uint8Array(await rainyPicture.arrayBuffer()));
    const seen = await page.evaluate(
      async ({ baseUrl, bytes, jobs }) => {
        const events: ProgressEvent[] = [];
        const client = globalThis.sdk.createClient({ baseUrl, backend: 'remote', jobs, apiKey: async () => 'a-token' });
        const { image, report } = await client.restore(Uint8Array.from(bytes), { onProgress: (event) => events.push(event) });
        return { image: Array.from(new Uint8Array(await image.arrayBuffer())), requestId: report.run.requestId, events };
      },
      { baseUrl: api.url, bytes, jobs },
    );
    expect(await psnr(new Blob([Uint8Array.from(seen.image)]), rainyPicture)).toBeLessThan(35); // something was taken away
    const uploads = seen.events.filter(({ type }) => type === 'upload');
    expect(uploads.at(-1)).toMatchObject({ sentBytes: bytes.length, totalBytes: bytes.length });
    const work = seen.events.flatMap((event) => (event.type === 'tile' ? [[event.tile, event.tiles]] : []));
    // A tile for the rain, and one for the mist in it.
    if (!jobs)
      expect(work).toEqual([
        [1, 2],
        [2, 2],
      ]);
    expect(seen.requestId).toMatch(/^[0-9a-f]{32}\.1$/);
  });
  it('stops an upload at an abort', async () => {
    const name = await page.evaluate(
      ({ baseUrl, jobs }) => {
        const controller = new AbortController();
        const client = globalThis.sdk.createClient({ baseUrl, backend: 'remote', jobs });
        const call = client.restore(new Uint8Array(20_000_000), { signal: controller.signal, onProgress: () => controller.abort() });
        return call.then(
          () => 'done',
          (error: Error) => error.name,
        );
      },
      { baseUrl: api.url, jobs },
    );
    expect(name).toBe('AbortError');
  });
});

it('ends the work of the server at an abort while its progress comes', async () => {
  const bytes = Array.from(new Uint8Array(await largeRainyPicture.arrayBuffer()));
  const name = await page.evaluate(
    ({ baseUrl, bytes }) => {
      const controller = new AbortController();
      const client = globalThis.sdk.createClient({ baseUrl, backend: 'remote' });
      const onProgress = ({ type }: ProgressEvent): void => {
        if (type === 'phase') controller.abort();
      };
      return client.restore(Uint8Array.from(bytes), { tile: 256, signal: controller.signal, onProgress }).then(
        () => 'done',
        (error: Error) => error.name,
      );
    },
    { baseUrl: api.url, bytes },
  );
  expect(name).toBe('AbortError');
  await expect.poll(() => api.engine.status(), { timeout: 20_000 }).toMatchObject({ running: 0, taken: 0 });
});

it('refuses to hold a secret key in a page', async () => {
  const code = await page.evaluate((baseUrl) => {
    try {
      globalThis.sdk.createClient({ baseUrl, apiKey: 'fw_secret' });
      return 'taken';
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  }, api.url);
  expect(code).toBe('secret-key-in-browser');
});

it('goes to the device when the server is not there, and says what is missing on it', async () => {
  const seen = await page.evaluate(async () => {
    const told: ProgressEvent[] = [];
    const client = globalThis.sdk.createClient({ baseUrl: 'http://127.0.0.1:9', models: '/no-models-here/' });
    try {
      await client.restore(new Uint8Array([1, 2, 3]), { onProgress: (event) => told.push(event) });
    } catch (error) {
      const { name, code } = error as { readonly name: string; readonly code: string };
      return { name, code, told };
    }
    return { told };
  });
  expect(seen).toMatchObject({ name: 'RestoreError', code: 'model-not-found' });
  expect(seen.told).toContainEqual(expect.objectContaining({ type: 'fallback', from: 'remote', to: 'device' }));
});
