/** Runs inside the page: what a test asks of an engine -> plain values, for they cross back. */
import type { CreateEngine, Engine, ProgressEvent, RestoreOptions, RestoreReport } from '../../src/engine-port.ts';

/** An error as it crosses. */
export type PageError = { readonly name: string; readonly code: string | undefined; readonly message: string };
export type PageAnswer = {
  readonly png?: readonly number[];
  readonly type?: string;
  readonly report?: RestoreReport;
  readonly error?: PageError;
  readonly events: readonly ProgressEvent[];
  readonly ms: number;
};
/** When to abort: at once, or with the first event of a type. */
export type PageTask = {
  readonly url: string;
  readonly options?: Omit<RestoreOptions, 'signal' | 'onProgress'>;
  readonly abortAt?: 'start' | ProgressEvent['type'];
};

/** Engine options that cross into the page. */
export type PageEngineOptions = {
  readonly backend?: 'auto' | 'webgpu' | 'wasm';
  readonly models?: string;
  readonly assets?: string;
  readonly threads?: number;
};

/** How a test reaches into the page. */
export type InPage = {
  readonly createLocalEngine: CreateEngine;
  /** Opens an engine under a name, or gives the one that has it. */
  engine(name: string, options?: PageEngineOptions): Promise<Engine>;
  restore(name: string, engineOptions: PageEngineOptions, task: PageTask): Promise<PageAnswer>;
  describe(error: unknown): PageError;
  /** What the latest restoration has told so far. */
  events: readonly ProgressEvent[];
};

const { createLocalEngine } = (await import('/dist/local.js' as string)) as typeof import('../../src/local/index.ts'); // the built file, as it is published
const engines = new Map<string, Engine>();

const verbs: InPage = {
  createLocalEngine,
  events: [],
  async engine(name, options = {}) {
    const engine = engines.get(name) ?? (await createLocalEngine({ assets: '/assets/', ...options }));
    engines.set(name, engine);
    return engine;
  },
  async restore(name, engineOptions, { url, options = {}, abortAt }) {
    const events: ProgressEvent[] = [];
    verbs.events = events;
    const abort = new AbortController();
    if (abortAt === 'start') abort.abort();
    const engine = await verbs.engine(name, engineOptions);
    const picture = await (await fetch(url)).blob();
    const start = performance.now();
    const onProgress = (event: ProgressEvent): void => {
      events.push(event);
      if (event.type === abortAt) abort.abort();
    };
    try {
      const { image, report } = await engine.restore(picture, { ...options, signal: abort.signal, onProgress });
      return { png: Array.from(new Uint8Array(await image.arrayBuffer())), type: image.type, report, events, ms: performance.now() - start };
    } catch (error) {
      return { error: verbs.describe(error), events, ms: performance.now() - start };
    }
  },
  describe(error) {
    const { name, message, code } = error as Error & { readonly code?: unknown }; // engines throw errors
    return { name, message, code: typeof code === 'string' ? code : undefined };
  },
};

declare global {
  var inPage: InPage;
}
globalThis.inPage = verbs;
