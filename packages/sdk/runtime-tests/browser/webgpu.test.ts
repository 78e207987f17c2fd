/** The browser's engine on WebGPU, by Chromium's software adapter. It takes long to start, so the tests follow one another on one engine. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPage } from './browser.ts';
import type { PageAnswer, PageTask } from './page.ts';
import { compare, CROP, openPublished, type Published } from './published.ts';

let published: Published;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];
beforeAll(async () => {
  published = await openPublished();
  context = await published.browser.newContext();
  page = await openPage(context, published.site.origin, complaints);
});
afterAll(() => published?.close());

/** `auto` takes WebGPU. The crop is hazy, so that the default takes it in two passes. */
const restore = (options: PageTask['options'] = {}): Promise<PageAnswer> =>
  page.evaluate((given) => globalThis.inPage.restore('engine', {}, { url: '/pictures/crop.png', options: { seed: 7, ...given } }), options);

it('restores as Node does, to 50 dB, after a self-test; and says which precision it computes in, and why', { timeout: 480_000 }, async () => {
  const { png, report, error } = await restore();
  expect(error).toBeUndefined();
  const reason = 'The graphics adapter does not compute in fp16 (shader-f16).'; // SwiftShader
  expect(report).toMatchObject({ backend: 'webgpu', precision: 'fp32', run: { engine: 'webgpu', notes: [] } });
  expect(report?.run.fallbacks).toEqual([{ from: 'webgpu fp16', to: 'webgpu fp32', reason }]);
  // 50 dB is a mean difference below 1/255: two runtimes that round 8-bit pixels differently stay well above it.
  expect(await compare(png ?? [], await published.restoreOnNode('crop.png', { seed: 7 }))).toBeGreaterThan(50);
  expect(complaints).toEqual([]);
});

it('takes less than 10 MB over the wire for a first restoration, all told', () => {
  const { requests } = published.site; // of the test above, from an empty cache: page, engine, worker, WebAssembly (brotli), weights in fp32
  const bytes = requests.reduce((sum, request) => sum + request.bytes, 0);
  expect(requests.some(({ path }) => path.endsWith('.asyncify.wasm'))).toBe(true);
  expect(bytes).toBeGreaterThan(5e6);
  expect(bytes).toBeLessThan(10e6);
});

it('leaves everything on the GPU between the two steps of a pass', async () => {
  const [worker] = page.workers();
  await worker?.evaluate(() => {
    const scope = globalThis as unknown as { mappedBytes: number[]; GPUBuffer: { prototype: GPUBuffer } }; // ours, and WebGPU's
    scope.mappedBytes = [];
    const map = scope.GPUBuffer.prototype.mapAsync;
    scope.GPUBuffer.prototype.mapAsync = function mapAsync(...options) {
      scope.mappedBytes.push(this.size);
      return map.apply(this, options);
    };
  });
  const { events } = await restore({ scale: 'native' });
  const mapped = (await worker?.evaluate(() => (globalThis as unknown as { mappedBytes: number[] }).mappedBytes)) ?? [];
  const upTo = (side: number): number => Math.ceil(side / 8) * 8;
  const residualBytes = 3 * upTo(CROP.height) * upTo(CROP.width) * 4;
  expect(events.filter(({ type }) => type === 'step')).toHaveLength(2);
  // Read back once, at the end, with a word on whether all that stayed was finite; the rest is the condition.
  expect(mapped.filter((bytes) => bytes >= residualBytes)).toEqual([residualBytes + 16]);
});

it('recovers from a lost GPU, once, and says so', { timeout: 480_000 }, async () => {
  const running = restore();
  await expect.poll(() => page.workers().length).toBe(1);
  const session = await published.browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
  const { report, error, png } = await running;
  expect(error).toBeUndefined();
  expect(report).toMatchObject({
    backend: 'webgpu',
    run: { engine: 'webgpu', notes: [expect.stringMatching(/^The GPU was lost: .* The picture was started again\.$/)] },
  });
  expect(await compare(png ?? [], await published.restoreOnNode('crop.png', { seed: 7 }))).toBeGreaterThan(50);
});
