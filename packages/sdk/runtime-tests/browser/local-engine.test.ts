/** The browser's engine on WebAssembly in a real Chromium, from the files as they are published and copied, against Node's CPU. */
import { readFile } from 'node:fs/promises';
import type { BrowserContext, Page, Worker } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPage } from './browser.ts';
import type { PageAnswer, PageEngineOptions, PageTask } from './page.ts';
import { compare, openPublished, type Published, TILED } from './published.ts';
import type { Site } from './site.ts';

/** What these tests read of it. */
type Manifest = { readonly models: Record<string, { readonly graphs: Record<string, { readonly fp32: { readonly bytes: number } }> }> };

let published: Published;
let site: Site;
let context: BrowserContext;
let complaints: string[];

beforeAll(async () => {
  published = await openPublished();
  site = published.site;
});
afterAll(() => published?.close());
beforeEach(async () => {
  site.faults = [];
  site.isolated = true;
  site.requests.length = 0;
  complaints = [];
  context = await published.browser.newContext();
});
afterEach(() => context.close());

const open = (): Promise<Page> => openPage(context, site.origin, complaints);
const restore = (page: Page, task: PageTask, engine: PageEngineOptions = { backend: 'wasm' }, name = 'engine'): Promise<PageAnswer> =>
  page.evaluate(([n, options, given]) => globalThis.inPage.restore(n, options, given), [name, engine, task] as const);
const crop: PageTask = { url: '/pictures/crop.png', options: { seed: 7 } };
const tiled: PageTask = { url: '/pictures/tiled.png', options: { seed: 7, tile: TILED.tile } };
const requestsOf = (name: RegExp): Site['requests'] => site.requests.filter(({ path }) => name.test(path));

/** Without a network a page can still read this. */
async function readAsDataUrl(file: string): Promise<string> {
  return `data:image/png;base64,${(await readFile(published.picture(file))).toString('base64')}`;
}

/** The engine's own workers; the runtime's threads are workers of theirs. */
const workersOf = (page: Page): readonly Worker[] => page.workers();

describe('restores as Node does, to 50 dB', () => {
  it('in WebAssembly, in one tile and in several', async () => {
    const page = await open();
    const [one, several] = [await restore(page, crop), await restore(page, { ...tiled, options: { ...tiled.options, patchPixels: true } })];
    expect(one).toMatchObject({ type: 'image/png', report: { backend: 'wasm', precision: 'fp32', run: { engine: 'wasm', fallbacks: [] }, warnings: [] } });
    // 50 dB is a mean difference below 1/255: two runtimes that round 8-bit pixels differently stay well above it.
    expect(await compare(one.png ?? [], await published.restoreOnNode('crop.png', { seed: 7 }))).toBeGreaterThan(50);
    expect(await compare(several.png ?? [], await published.restoreOnNode('tiled.png', { seed: 7, tile: TILED.tile }))).toBeGreaterThan(50);
    expect(several.report?.tiles.count).toBe(2);
    expect(await compare(one.png ?? [], await readFile(published.picture('crop.png')))).toBeLessThan(45); // something was restored at all
    const patches = several.events.filter((event) => event.type === 'patch');
    expect(patches.map(({ x, y, height }) => [x, y, height])).toEqual([
      [0, 0, TILED.height],
      [patches[0]?.width, 0, TILED.height],
    ]);
    const last = sharp(Uint8Array.from(several.png ?? [])).extract({ left: patches[1]?.x ?? 0, top: 0, width: patches[1]?.width ?? 0, height: TILED.height });
    expect(Object.values(patches[1]?.rgba ?? {})).toEqual([...(await last.ensureAlpha().raw().toBuffer())]); // a page that paints patches shows the result
    expect(complaints).toEqual([]);
  });
});

describe('progress', () => {
  it('tells bytes, graphs, phases, steps and tiles in their order, and nothing after the end', async () => {
    const page = await open();
    const { events, report } = await restore(page, tiled);
    const loads = events.filter((event) => event.type === 'load');
    const weights = loads.filter(({ file }) => file.includes('denoiser'));
    expect(weights.map(({ loadedBytes }) => loadedBytes)).toEqual(weights.map(({ loadedBytes }) => loadedBytes).toSorted((a, b) => a - b));
    expect(weights.at(-1)).toMatchObject({ loadedBytes: weights[0]?.totalBytes });
    expect(loads.some(({ file }) => file.endsWith('.wasm'))).toBe(true);
    expect(events.filter((event) => event.type === 'compile').at(-1)).toMatchObject({ done: 4, total: 4 });
    expect(events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []))).toEqual(['read', 'load', 'decode', 'condition', 'restore', 'encode']);
    expect(events.filter((event) => event.type === 'step')).toHaveLength(4);
    expect(events.map(({ elapsedMs }) => elapsedMs)).toEqual(events.map(({ elapsedMs }) => elapsedMs).toSorted((a, b) => a - b));
    expect(report?.timings.total).toBeGreaterThan(report?.timings.load ?? Number.NaN);
  });
  it('leaves the page responsive', async () => {
    const page = await open();
    await restore(page, crop);
    const longest = page.evaluate(async () => {
      let [last, gap] = [performance.now(), 0];
      const until = last + 1500;
      while (last < until) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        gap = Math.max(gap, performance.now() - last);
        last = performance.now();
      }
      return gap;
    });
    let measuring = true;
    const gap = longest.finally(() => {
      measuring = false;
    });
    while (measuring) await restore(page, tiled); // work for as long as the page is watched
    // The inference of one tile takes longer than this; a machine that is busy elsewhere may hold a timer back for some of it.
    expect(await gap).toBeLessThan(400);
  });
});

describe('inputs', () => {
  it('takes pixels and bitmaps, which stay the caller’s, and gives a PNG', async () => {
    const page = await open();
    const [fromFile, pixels, bitmap] = await page.evaluate(async () => {
      const engine = await globalThis.inPage.engine('engine', { backend: 'wasm' });
      const file = await (await fetch('/pictures/crop.png')).blob();
      const image = await createImageBitmap(file);
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context?.drawImage(image, 0, 0);
      const data = context?.getImageData(0, 0, image.width, image.height) as ImageData;
      const results = [];
      for (const input of [file, data, image]) results.push(Array.from(new Uint8Array(await (await engine.restore(input, { seed: 7 })).image.arrayBuffer())));
      if (image.width !== 61 || data.data.length !== 4 * 61 * 43) throw new Error('The input was taken away.');
      return results;
    });
    expect(pixels).toEqual(fromFile);
    expect(bitmap).toEqual(fromFile);
  });
  it('keeps EXIF, XMP and colour profile, upright, unless it is told to strip them', async () => {
    const file = await sharp(published.picture('crop.png'))
      .withMetadata({ icc: 'p3', orientation: 6 })
      .withExifMerge({ IFD0: { Copyright: 'A. Nyone' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
      .jpeg()
      .toBuffer();
    const [page, url] = [await open(), `data:image/jpeg;base64,${file.toString('base64')}`];
    const [kept, stripped] = [await restore(page, { url }), await restore(page, { url, options: { output: { metadata: 'strip' } } })];
    const { width, height, icc } = await sharp(file).metadata();
    const [header, bare] = await Promise.all([kept, stripped].map(({ png = [] }) => sharp(Uint8Array.from(png)).metadata()));
    expect(header).toMatchObject({ format: 'jpeg', width: height, height: width, orientation: 1 });
    expect([header?.exif?.includes('A. Nyone'), header?.xmp?.toString().includes('xmpmeta'), header?.icc?.equals(icc as Buffer)]).toEqual([true, true, true]);
    expect([bare?.exif, bare?.xmp, bare?.icc?.equals(icc as Buffer)]).toEqual([undefined, undefined, true]);
    expect(kept.report?.warnings).toEqual([]);
  });
  it('says what is wrong with an option, a picture or an engine', async () => {
    const page = await open();
    const errorOf = async (task: PageTask, engine?: PageEngineOptions, name?: string) => (await restore(page, task, engine, name)).error;
    expect(await errorOf({ ...crop, options: { tile: 100 } })).toMatchObject({ name: 'RestoreError', code: 'invalid-option' });
    expect(await errorOf({ ...crop, options: { output: { format: 'avif' } } })).toMatchObject({ code: 'invalid-option' });
    expect(await errorOf({ url: '/page.ts' })).toMatchObject({ code: 'unsupported-format' });
    expect(await errorOf({ ...crop, options: { limits: { maxPixels: 100 } } })).toMatchObject({ code: 'too-large' });
    expect(await errorOf({ ...crop, options: { model: 'giant' } })).toMatchObject({ code: 'model-not-found' });
    const refused = page.evaluate(() => globalThis.inPage.createLocalEngine({ backend: 'cpu' as 'wasm' }).catch(globalThis.inPage.describe));
    expect(await refused).toMatchObject({ code: 'invalid-option' });
    expect((await restore(page, crop)).error).toBeUndefined(); // and goes on
  });
});

describe('capabilities', () => {
  it('are known before anything is downloaded', async () => {
    const page = await open();
    site.requests.length = 0;
    const found = await page.evaluate(async () => (await globalThis.inPage.engine('engine')).capabilities());
    expect(found).toMatchObject([
      { engine: 'webgpu', available: true, precisions: ['fp32'], outputFormats: ['jpeg', 'png', 'webp'] },
      { engine: 'wasm', available: true, precisions: ['fp32', 'fp16'], threads: expect.any(Number), storageBytes: expect.any(Number) },
    ]);
    expect(found[1]?.downloadBytes).toBeGreaterThan(5_000_000);
    expect(site.requests.map(({ path }) => path)).toEqual(['/assets/models/manifest.json']);
  });
  it('are told of another model, and of one that is not there', async () => {
    const page = await open();
    const [nano, lite, none] = await page.evaluate(async () => {
      const engine = await globalThis.inPage.engine('engine', { backend: 'wasm' });
      return Promise.all([{}, { model: 'lite' }, { model: 'none' }].map((options) => engine.capabilities(options)));
    });
    expect(lite?.[0]?.downloadBytes).toBeGreaterThan((nano?.[0]?.downloadBytes ?? Infinity) + 5_000_000); // 10.3 MB, not 3.4
    expect(none).toMatchObject([{ engine: 'wasm', available: false, reason: expect.stringContaining('none') }]);
  });
  it('tell of one thread without cross-origin isolation, and so does the report', async () => {
    site.isolated = false;
    const page = await open();
    const found = await page.evaluate(async () => (await globalThis.inPage.engine('engine', { backend: 'wasm' })).capabilities());
    expect(found).toMatchObject([{ engine: 'wasm', threads: 1, notes: [expect.stringContaining('cross-origin isolated')] }]);
    const { report } = await restore(page, crop);
    expect(report?.run).toMatchObject({ threads: 1, notes: [expect.stringContaining('cross-origin isolated')] });
  });
  it('uses several threads where the page is isolated', async () => {
    const page = await open();
    expect((await restore(page, crop, { backend: 'wasm', threads: 2 })).report?.run).toMatchObject({ threads: 2, notes: [] });
  });
});

describe('without a network', () => {
  it('says so when nothing is on the device', async () => {
    const page = await open();
    await page.evaluate(async () => void (await globalThis.inPage.engine('engine', { backend: 'wasm' })));
    const picture = await readAsDataUrl('crop.png');
    await context.setOffline(true);
    expect((await restore(page, { url: picture })).error).toMatchObject({
      name: 'RestoreError',
      code: 'offline',
      message: expect.stringContaining('go online once'),
    });
    await context.setOffline(false);
    expect((await restore(page, crop)).error).toBeUndefined(); // the same engine, once there is one
  });
  it('restores from what is on the device', async () => {
    const first = await open();
    const online = await restore(first, crop);
    expect(await first.evaluate(async () => (await globalThis.inPage.engine('engine')).isCached())).toBe(true);
    await first.close();
    const second = await open();
    const picture = await readAsDataUrl('crop.png');
    await context.setOffline(true);
    const offline = await restore(second, { ...crop, url: picture });
    expect(offline.error).toBeUndefined();
    expect(offline.png).toEqual(online.png);
    await second.evaluate(async () => (await globalThis.inPage.engine('engine')).clearCache());
    expect(await second.evaluate(async () => (await globalThis.inPage.engine('engine')).isCached())).toBe(false);
  });
});

describe('model files', () => {
  it('that come damaged are fetched again, once', async () => {
    site.faults = [{ path: /denoiser\.fp32/, times: 1, change: (body) => body.fill(0, 1000, 2000) }];
    const page = await open();
    const { report } = await restore(page, crop);
    expect(report?.run.notes).toEqual([expect.stringMatching(/denoiser.* came damaged and was fetched again/)]);
    expect(requestsOf(/denoiser/)).toHaveLength(2);
  });
  it('that stay damaged are never run', async () => {
    site.faults = [{ path: /denoiser\.fp32/, change: (body) => body.fill(0, 1000, 2000) }];
    const page = await open();
    expect((await restore(page, crop)).error).toMatchObject({ code: 'model-corrupt' });
    expect(requestsOf(/denoiser/)).toHaveLength(2);
    site.faults = [];
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
    site.requests.length = 0;
    const again = await restore(page, crop, { backend: 'wasm' }, 'another');
    expect(again.report?.run.notes).toContainEqual(expect.stringContaining('denoiser.fp32.onnx was damaged and was fetched again'));
    expect(requestsOf(/denoiser/)).toHaveLength(1);
  });
  it('go on where a connection broke off', async () => {
    site.faults = [{ path: /denoiser\.fp32/, times: 1, cutAfterBytes: 700_000 }];
    const page = await open();
    expect((await restore(page, crop)).error).toBeUndefined();
    const [, second] = requestsOf(/denoiser/);
    const kept = Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1]);
    expect(kept).toBeGreaterThan(0); // what was on its way at the cut may be lost
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
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: 200_000 });
    const { report } = await restore(page, crop);
    expect(report?.run.notes).toContainEqual(expect.stringMatching(/denoiser.* was not kept/));
    expect(await page.evaluate(async () => (await globalThis.inPage.engine('engine')).isCached())).toBe(false);
    expect((await restore(page, crop)).error).toBeUndefined();
  });
  it('and workers come from another origin too, with threads', async () => {
    const cdn = await published.openCdn();
    try {
      const page = await open();
      site.requests.length = 0;
      const { error, report } = await restore(page, crop, { backend: 'wasm', assets: `${cdn.origin}/`, threads: 2 });
      expect(error).toBeUndefined();
      expect(report?.run).toMatchObject({ threads: 2, notes: [] });
      expect(cdn.requests.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['/worker-wasm.js', '/ort-wasm-simd-threaded.wasm', '/models/manifest.json']),
      );
      expect(site.requests.map(({ path }) => path)).toEqual(['/pictures/crop.png']);
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

describe('an abort', () => {
  const aborted = { name: 'AbortError' };
  let warm: Page | undefined;
  /** A page whose engine is ready; one for several tests. */
  const openWarm = async (): Promise<Page> => {
    warm ??= await openPage(await published.browser.newContext(), site.origin);
    await restore(warm, crop);
    return warm;
  };
  afterAll(() => warm?.context().close());
  it.each(['load', 'compile'] as const)('with the first %s rejects at once, and the next call makes ready anew', async (abortAt) => {
    const page = await open();
    expect((await restore(page, { ...crop, abortAt })).error).toMatchObject(aborted);
    expect((await restore(page, crop)).error).toBeUndefined();
  });
  it.each(['start', 'phase', 'step', 'patch'] as const)('with the first %s rejects at once, and the worker goes on', async (abortAt) => {
    const page = await openWarm();
    const [before] = workersOf(page);
    expect((await restore(page, { ...crop, abortAt })).error).toMatchObject(aborted);
    expect((await restore(page, crop)).error).toBeUndefined();
    expect(workersOf(page)[0]).toBe(before);
  });
  it('stops within one tile, and a call that waits is not begun', async () => {
    const page = await open();
    const whole = await restore(page, tiled); // two tiles, two steps
    const [first, second] = await Promise.all([restore(page, { ...tiled, abortAt: 'step' }), restore(page, { ...tiled, abortAt: 'start' })]);
    expect([first.error, second.error]).toMatchObject([aborted, aborted]);
    const { ms, error } = await page.evaluate(async () => {
      const start = performance.now();
      const engine = await globalThis.inPage.engine('engine');
      const picture = await (await fetch('/pictures/crop.png')).blob();
      const failed = await engine.inspect(picture).then(() => undefined, globalThis.inPage.describe);
      return { ms: performance.now() - start, error: failed };
    });
    expect(error).toBeUndefined();
    // Of four inferences one was done when it was aborted; at most the second one ran to its end.
    expect(ms).toBeLessThan(0.75 * (whole.report?.timings.restore ?? 0) + 300);
  });
});

describe('the end of a worker', () => {
  it('by a crash is noticed, and the picture started again, once', async () => {
    const page = await open();
    await restore(page, crop);
    const running = restore(page, tiled);
    const [worker] = workersOf(page);
    await worker?.evaluate(() => self.close());
    const { error, report } = await running;
    expect(error).toBeUndefined();
    expect(report?.run.notes).toContainEqual('The worker has ended. The picture was started again.');
  });
  it('by dispose rejects what runs, ends every worker and gives the memory back', async () => {
    const page = await open();
    const before = await measureMemory(page);
    await restore(page, crop);
    const loaded = await measureMemory(page);
    const running = restore(page, tiled);
    await page.evaluate(async () => (await globalThis.inPage.engine('engine')).dispose());
    expect((await running).error).toMatchObject({ code: 'disposed' });
    expect((await restore(page, crop)).error).toMatchObject({ code: 'disposed' });
    await expect.poll(() => workersOf(page).length, { timeout: 5000 }).toBe(0);
    expect(loaded - before).toBeGreaterThan(20e6);
    expect(await measureMemory(page)).toBeLessThan(before + 0.2 * (loaded - before));
  });
  it('is not needed for memory to stay flat', async () => {
    const page = await open();
    const repeats = Number(process.env.FAIRWEATHER_REPEATS ?? 8);
    for (let i = 0; i < 3; i++) await restore(page, crop);
    const early = await measureMemory(page);
    for (let i = 0; i < repeats; i++) expect((await restore(page, crop)).error).toBeUndefined();
    const late = await measureMemory(page);
    if (repeats > 8) console.log(`memory after 3 restorations ${(early / 1e6).toFixed(1)} MB, after ${repeats} more ${(late / 1e6).toFixed(1)} MB`);
    expect(late).toBeLessThan(early * 1.05 + 2e6); // JavaScript's own heap breathes
  });
});

/** Bytes of page and workers, WebAssembly included, after a collection. */
async function measureMemory(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { measureUserAgentSpecificMemory } = performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ readonly bytes: number }> }; // Chromium's
    return (await measureUserAgentSpecificMemory.call(performance)).bytes;
  });
}

describe('a backend that computes something else', () => {
  it('is not trusted: the reason stands in the error, or in the report of the next backend', async () => {
    // The self-test expects the degraded picture back, which no working backend gives.
    site.faults = [
      {
        path: /manifest\.json$/,
        change: (body) => {
          const manifest = JSON.parse(body.toString()) as { models: { nano: { selfTest: { degraded: unknown; restored: unknown } } } };
          manifest.models.nano.selfTest.restored = manifest.models.nano.selfTest.degraded;
          return Buffer.from(JSON.stringify(manifest));
        },
      },
    ];
    const page = await open();
    const { error, events } = await restore(page, crop);
    expect(error).toMatchObject({ code: 'engine-unavailable', message: expect.stringMatching(/wasm: The self-test reached \d+\.\d dB of 50/) });
    expect(events.some(({ type }) => type === 'step')).toBe(false);
  });
});
