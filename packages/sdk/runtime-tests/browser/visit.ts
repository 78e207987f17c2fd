/** What the tests of a local engine share: the package as it is published, and a browser without a past for each test. */
import type { BrowserContext, Page, Worker } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { openPage } from './browser.ts';
import type { PageAnswer, PageEngineOptions, PageTask } from './page.ts';
import { openPublished, type Published, TILED } from './published.ts';
import type { Site } from './site.ts';

export const crop: PageTask = { url: '/pictures/crop.png', options: { seed: 7 } };
export const tiled: PageTask = { url: '/pictures/tiled.png', options: { seed: 7, tile: TILED.tile } };

export type Visit = {
  readonly published: Published;
  /** Without faults, isolated, and nothing asked of it yet, when a test begins. */
  readonly site: Site;
  readonly context: BrowserContext;
  /** What pages wrote to the console as errors. */
  readonly complaints: readonly string[];
  open(): Promise<Page>;
};

/** Sets up and clears away around every test of the file that calls it. */
export function visitPublished(): Visit {
  let published: Published;
  let context: BrowserContext;
  let complaints: string[];
  beforeAll(async () => {
    published = await openPublished();
  });
  afterAll(() => published?.close());
  beforeEach(async () => {
    published.site.faults = [];
    published.site.isolated = true;
    published.site.requests.length = 0;
    complaints = [];
    context = await published.browser.newContext();
  });
  afterEach(() => context.close());
  return {
    get published() {
      return published;
    },
    get site() {
      return published.site;
    },
    get context() {
      return context;
    },
    get complaints() {
      return complaints;
    },
    open: () => openPage(context, published.site.origin, complaints),
  };
}

export const restore = (page: Page, task: PageTask, engine: PageEngineOptions = { backend: 'wasm' }, name = 'engine'): Promise<PageAnswer> =>
  page.evaluate(([n, options, given]) => globalThis.inPage.restore(n, options, given), [name, engine, task] as const);

/** The engine's own workers; the runtime's threads are workers of theirs. */
export const workersOf = (page: Page): readonly Worker[] => page.workers();
