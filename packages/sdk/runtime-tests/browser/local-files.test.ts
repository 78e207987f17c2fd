/** Where the browser's engine has its files from: models and workers that come damaged, from elsewhere, once for two tabs, or from the device alone. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Site } from './site.ts';
import { crop, restore, visitPublished } from './visit.ts';

/** What these tests read of it. */
type Manifest = { readonly models: Record<string, { readonly graphs: Record<string, { readonly fp32: { readonly bytes: number } }> }> };

const visit = visitPublished();
const { open } = visit;
const requestsOf = (name: RegExp): Site['requests'] => visit.site.requests.filter(({ path }) => name.test(path));

/** Without a network a page can still read this. */
async function readAsDataUrl(file: string): Promise<string> {
  return `data:image/png;base64,${(await readFile(visit.published.picture(file))).toString('base64')}`;
}

describe('without a network', () => {
  it('says so when nothing is on the device', async () => {
    const page = await open();
    await page.evaluate(async () => void (await globalThis.inPage.engine('engine', { backend: 'wasm' })));
    const picture = await readAsDataUrl('crop.png');
    await visit.context.setOffline(true);
    expect((await restore(page, { url: picture })).error).toMatchObject({
      name: 'RestoreError',
      code: 'offline',
      message: expect.stringContaining('go online once'),
    });
    await visit.context.setOffline(false);
    expect((await restore(page, crop)).error).toBeUndefined(); // the same engine, once there is one
  });
  it('restores from what is on the device', async () => {
    const first = await open();
    const online = await restore(first, crop);
    expect(await first.evaluate(async () => (await globalThis.inPage.engine('engine')).isCached())).toBe(true);
    await first.close();
    const second = await open();
    const picture = await readAsDataUrl('crop.png');
    await visit.context.setOffline(true);
    const offline = await restore(second, { ...crop, url: picture });
    expect(offline.error).toBeUndefined();
    expect(offline.png).toEqual(online.png);
    await second.evaluate(async () => (await globalThis.inPage.engine('engine')).clearCache());
    expect(await second.evaluate(async () => (await globalThis.inPage.engine('engine')).isCached())).toBe(false);
  });
});

describe('model files', () => {
  it('that come damaged are fetched again, once', async () => {
    visit.site.faults = [{ path: /denoiser\.fp32/, times: 1, change: (body) => body.fill(0, 1000, 2000) }];
    const page = await open();
    const { report } = await restore(page, crop);
    expect(report?.run.notes).toEqual([expect.stringMatching(/denoiser.* came damaged and was fetched again/)]);
    expect(requestsOf(/denoiser/)).toHaveLength(2);
  });
  it('that stay damaged are never run', async () => {
    visit.site.faults = [{ path: /denoiser\.fp32/, change: (body) => body.fill(0, 1000, 2000) }];
    const page = await open();
    expect((await restore(page, crop)).error).toMatchObject({ code: 'model-corrupt' });
    expect(requestsOf(/denoiser/)).toHaveLength(2);
    visit.site.faults = [];
    expect((await restore(page, crop)).error).toBeUndefined(); // once they are mended
  });
  it('that were damaged on the device are fetched again', async () => {
    const page = await open();
    await restore(page, crop);
    await page.evaluate(async () => {
      const [name = ''] = await caches.keys();
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) if (url.includes('sha256')) await cache.put(url, new Response('broken'));
    });
    visit.site.requests.length = 0;
    const again = await restore(page, crop, { backend: 'wasm' }, 'another');
    expect(again.report?.run.notes).toContainEqual(expect.stringContaining('denoiser.fp32.onnx was damaged and was fetched again'));
    expect(requestsOf(/denoiser/)).toHaveLength(1);
  });
  it('go on where a connection broke off', async () => {
    const page = await open();
    const arrived = () => page.waitForFunction(() => globalThis.inPage.events.some((event) => event.type === 'load' && /denoiser/.test(event.file)));
    visit.site.faults = [{ path: /denoiser\.fp32/, times: 1, cut: { afterBytes: 700_000, when: arrived } }];
    expect((await restore(page, crop)).error).toBeUndefined();
    const [, second] = requestsOf(/denoiser/);
    const kept = Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1]);
    expect(kept).toBeGreaterThan(0);
    const manifest = JSON.parse(await readFile(new URL(import.meta.resolve('@fairweather/models/manifest.json')), 'utf8')) as Manifest;
    expect(second?.bytes).toBe((manifest.models.nano?.graphs.denoiser?.fp32.bytes ?? 0) - kept);
  });
  it('that are not there are named, with the option to look at', async () => {
    const page = await open();
    const lost = await restore(page, crop, { backend: 'wasm', models: '/nowhere/' });
    expect(lost.error).toMatchObject({ code: 'model-not-found', message: expect.stringContaining('/nowhere/manifest.json') });
  });
  it('are fetched once for two tabs', async () => {
    const [one, two] = [await open(), await open()];
    const answers = await Promise.all([restore(one, crop), restore(two, crop)]);
    expect(answers.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(answers[0]?.png).toEqual(answers[1]?.png);
    expect(requestsOf(/denoiser/)).toHaveLength(1);
    expect(requestsOf(/\.wasm$/)).toHaveLength(1);
  });
  it('are used and not kept when storage is full', async () => {
    const page = await open();
    const session = await visit.context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: visit.site.origin, quotaSize: 200_000 });
    const { report } = await restore(page, crop);
    expect(report?.run.notes).toContainEqual(expect.stringMatching(/denoiser.* was not kept/));
    expect(await page.evaluate(async () => (await globalThis.inPage.engine('engine')).isCached())).toBe(false);
    expect((await restore(page, crop)).error).toBeUndefined();
  });
  it('and workers come from another origin too, with threads', async () => {
    const cdn = await visit.published.openCdn();
    try {
      const page = await open();
      visit.site.requests.length = 0;
      const { error, report } = await restore(page, crop, { backend: 'wasm', assets: `${cdn.origin}/`, threads: 2 });
      expect(error).toBeUndefined();
      expect(report?.run).toMatchObject({ threads: 2, notes: [] });
      expect(cdn.requests.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['/worker-wasm.js', '/ort-wasm-simd-threaded.wasm', '/models/manifest.json']),
      );
      expect(visit.site.requests.map(({ path }) => path)).toEqual(['/pictures/crop.png']);
    } finally {
      await cdn.close();
    }
  });
  it('go through the fetch of the caller', async () => {
    const page = await open();
    const paths = await page.evaluate(async () => {
      const seen: string[] = [];
      const engine = await globalThis.inPage.createLocalEngine({
        backend: 'wasm',
        assets: '/assets/',
        fetch: (input, init) => {
          seen.push(new URL(String(input)).pathname);
          return fetch(input, init);
        },
      });
      await engine.preload();
      await engine.dispose();
      return seen;
    });
    expect(paths).toEqual(
      expect.arrayContaining(['/assets/models/manifest.json', '/assets/models/weights/nano/denoiser.fp32.onnx', '/assets/ort-wasm-simd-threaded.wasm']),
    );
  });
});
