/** How work in the browser's engine ends before its time: an abort, a worker that crashes, dispose; and that memory comes back. */
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { openPage } from './browser.ts';
import { crop, restore, tiled, visitPublished, workersOf } from './visit.ts';

const visit = visitPublished();
const { open } = visit;

describe('an abort', () => {
  const aborted = { name: 'AbortError' };
  let warm: Page | undefined;
  /** A page whose engine is ready; one for several tests. */
  const openWarm = async (): Promise<Page> => {
    warm ??= await openPage(await visit.published.browser.newContext(), visit.site.origin);
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
