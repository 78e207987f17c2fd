/** The browser's engine on WebAssembly in a real Chromium, from the files as they are published and copied, against Node's CPU. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { PageEngineOptions, PageTask } from './page.ts';
import { compare, TILED } from './published.ts';
import { crop, restore, tiled, visitPublished } from './visit.ts';

const visit = visitPublished();
const { open } = visit;

describe('restores as Node does, to 50 dB', () => {
  it('in WebAssembly, in one tile and in several', async () => {
    const page = await open();
    const [one, several] = [await restore(page, crop), await restore(page, { ...tiled, options: { ...tiled.options, patchPixels: true } })];
    expect(one).toMatchObject({ type: 'image/png', report: { backend: 'wasm', precision: 'fp32', run: { engine: 'wasm', fallbacks: [] }, warnings: [] } });
    // 50 dB is a mean difference below 1/255: two runtimes that round 8-bit pixels differently stay well above it.
    expect(await compare(one.png ?? [], await visit.published.restoreOnNode('crop.png', { seed: 7 }))).toBeGreaterThan(50);
    expect(await compare(several.png ?? [], await visit.published.restoreOnNode('tiled.png', { seed: 7, tile: TILED.tile }))).toBeGreaterThan(50);
    expect(several.report?.tiles.count).toBe(2);
    expect(await compare(one.png ?? [], await readFile(visit.published.picture('crop.png')))).toBeLessThan(45); // something was restored at all
    const patches = several.events.filter((event) => event.type === 'patch');
    expect(patches.map(({ x, y, height }) => [x, y, height])).toEqual([
      [0, 0, TILED.height],
      [patches[0]?.width, 0, TILED.height],
    ]);
    const last = sharp(Uint8Array.from(several.png ?? [])).extract({ left: patches[1]?.x ?? 0, top: 0, width: patches[1]?.width ?? 0, height: TILED.height });
    expect(Object.values(patches[1]?.rgba ?? {})).toEqual([...(await last.ensureAlpha().raw().toBuffer())]); // a page that paints patches shows the result
    expect(visit.complaints).toEqual([]);
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
  it('leaves the page responsive: hardly any of the work is done on its thread', async () => {
    const page = await open();
    await restore(page, crop);
    const session = await visit.context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' }); // what the thread computes, not what it waits for a busy machine
    const taskSeconds = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
    };
    const before = await taskSeconds();
    const ms = await page.evaluate(async (options) => {
      const engine = await globalThis.inPage.engine('engine');
      const picture = await (await fetch('/pictures/tiled.png')).blob();
      let total = 0;
      for (let time = 0; time < 3; time++) total += (await engine.restore(picture, options)).report.timings.total;
      return total;
    }, tiled.options);
    const share = (1000 * ((await taskSeconds()) - before)) / ms;
    // Progress and the file handed over take a few hundredths; inference on this thread would take nearly all of it.
    expect(share).toBeGreaterThan(0); // it was measured at all
    expect(share).toBeLessThan(0.25);
    console.log(`the page's thread worked for ${share.toFixed(3)} of the restoration`);
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
    const file = await sharp(visit.published.picture('crop.png'))
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
    visit.site.requests.length = 0;
    const found = await page.evaluate(async () => (await globalThis.inPage.engine('engine')).capabilities());
    expect(found).toMatchObject([
      { engine: 'webgpu', available: true, precisions: ['fp32'], outputFormats: ['jpeg', 'png', 'webp'] },
      { engine: 'wasm', available: true, precisions: ['fp32', 'fp16'], threads: expect.any(Number), storageBytes: expect.any(Number) },
    ]);
    expect(found[1]?.downloadBytes).toBeGreaterThan(5_000_000);
    expect(visit.site.requests.map(({ path }) => path)).toEqual(['/assets/models/manifest.json']);
  });
  it('are told of another model, and of one that is not there', async () => {
    const page = await open();
    const [nano, lite, none] = await page.evaluate(async () => {
      const engine = await globalThis.inPage.engine('engine', { backend: 'wasm' });
      return Promise.all([{}, { model: 'lite' }, { model: 'none' }].map((options) => engine.capabilities(options)));
    });
    expect(lite?.[0]?.downloadBytes).toBeGreaterThan((nano?.[0]?.downloadBytes ?? Infinity) + 5_000_000); // 14.9 MB, not 3.9
    expect(none).toMatchObject([{ engine: 'wasm', available: false, reason: expect.stringContaining('none') }]);
  });
  it('tell of one thread without cross-origin isolation, and so does the report', async () => {
    visit.site.isolated = false;
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

describe('a backend that computes something else', () => {
  it('is not trusted: the reason stands in the error, or in the report of the next backend', async () => {
    // The self-test expects the degraded picture back, which no working backend gives.
    visit.site.faults = [
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
