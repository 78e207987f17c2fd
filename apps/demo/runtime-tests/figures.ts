/**
 * The built page, served by the API, in a real Chromium -> figures of a first visit, printed. Nothing is asserted; the tests hold the bytes.
 *
 *     npm run figures -w @fairweather/demo
 */
import type { Page } from 'playwright-core';
import { countLine, startApi } from './api-server.ts';
import { launchDemoBrowser, restored } from './demo-page.ts';

const server = await startApi();
const line = await countLine(server.address);
const browser = await launchDemoBrowser();
try {
  const page = await browser.open(line.address);
  page.setDefaultTimeout(120_000);
  await page.waitForLoadState('networkidle');
  const openedBytes = line.bytes();
  const paints = await page.evaluate(() => performance.getEntriesByType('paint').map(({ name, startTime }) => `${name} ${Math.round(startTime)} ms`));
  await page.selectOption('#where', 'device');
  await watchTasks(page);
  await page.click('#samples button >> nth=0');
  const said = await restored(page);
  const first = await longestTask(page);
  await watchTasks(page);
  await page.click('#samples button >> nth=3');
  await page.waitForFunction(() => document.getElementById('stage')?.dataset.shown === 'picture');
  await restored(page);
  console.log(`paint: ${paints.join(', ')}`);
  console.log(
    `bytes: ${megabytes(openedBytes)} for the page, its samples and what is kept of both; ${megabytes(line.bytes())} with the first restoration on the device`,
  );
  console.log(`first picture: ${said}`);
  console.log(`longest task of the main thread: ${first} with the first picture and all that is loaded for it, ${await longestTask(page)} with the second`);
} finally {
  await browser.close();
  await line.close();
  await server.close();
}

type Watched = { longestMs: number; observer?: PerformanceObserver };

/** Tasks from 50 ms on, as browsers report them (W3C Long Tasks). */
function watchTasks(page: Page): Promise<void> {
  return page.evaluate(() => {
    const scope = globalThis as unknown as { watched?: Watched }; // ours
    scope.watched?.observer?.disconnect();
    const watched: Watched = { longestMs: 0 };
    watched.observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) watched.longestMs = Math.max(watched.longestMs, duration);
    });
    watched.observer.observe({ type: 'longtask' });
    scope.watched = watched;
  });
}

async function longestTask(page: Page): Promise<string> {
  const ms = await page.evaluate(() => (globalThis as unknown as { readonly watched: Watched }).watched.longestMs);
  return ms === 0 ? 'none of 50 ms or more' : `${Math.round(ms)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
