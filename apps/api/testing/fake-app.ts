/** The app around fake workers: everything but inference and the socket is the real thing. */
import type { Manifest, ModelSpec } from '@fairweather/core';
import type { Tracer } from '@opentelemetry/api';
import { createApp } from '../src/app.ts';
import type { App, AppSettings } from '../src/app-env.ts';
import { createEngine, type Engine, type EngineSettings } from '../src/engine/engine.ts';
import { createMetrics } from '../src/observe/metrics.ts';
import { startTracing } from '../src/observe/tracing.ts';
import { createMemoryRateLimit } from '../src/rate-limit.ts';
import type { FetchPicture } from '../src/upload/fetch-picture.ts';
import { createFakeWorkers, type FakeWorkers } from './fake-workers.ts';

const graph = { fp32: { file: 'a', sha256: '', bytes: 1 } };
// The app looks at these facts alone.
const facts = { version: '1.2.3', title: 'Small', licence: 'Apache-2.0', weathers: ['rain', 'haze'], graphs: { denoiser: graph } };
export const manifest: Manifest = {
  version: 1,
  defaultModel: 'small',
  models: { small: facts as unknown as ModelSpec, other: { ...facts, title: 'Other' } as unknown as ModelSpec },
};

export const SETTINGS: AppSettings = {
  maxBodyBytes: 4096,
  maxPixels: 1_000_000,
  maxSidePx: 4000,
  bodyTimeoutMs: 200,
  deadlineMs: 5000,
  queuePerClient: 2,
  ratePerMinute: 0,
  keys: undefined,
  corsOrigins: ['https://shop.example'],
};

export type FakeApp = { readonly app: App; readonly engine: Engine; readonly workers: FakeWorkers; readonly lines: Record<string, unknown>[] };

export async function createFakeApp(
  changes: Partial<AppSettings> = {},
  {
    workers = createFakeWorkers('at-once'),
    engine: engineChanges = {},
    tracer = startTracing({}).tracer,
    fetchPicture,
  }: { readonly workers?: FakeWorkers; readonly engine?: Partial<EngineSettings>; readonly tracer?: Tracer; readonly fetchPicture?: FetchPicture } = {},
): Promise<FakeApp> {
  const settings = { ...SETTINGS, ...changes };
  const engine = createEngine(
    { workers: 1, perWorker: 1, queue: 3, queuePerClient: settings.queuePerClient, deadlineMs: settings.deadlineMs, ...engineChanges },
    { manifest, startWorker: workers.start },
  );
  await Promise.resolve(); // the fake worker is there with the next turn
  await Promise.resolve();
  const lines: Record<string, unknown>[] = [];
  const note = (line: object): unknown => lines.push({ ...line });
  const app = createApp({
    settings,
    engine,
    rateLimit: createMemoryRateLimit(),
    metrics: createMetrics(engine.status),
    log: { info: note, warn: note, error: note },
    tracer,
    clientAddress: (c) => c.req.header('Test-Address') ?? '127.0.0.1',
    docsFile: async (name) => new TextEncoder().encode(name),
    ...(fetchPicture === undefined ? {} : { fetchPicture }),
    now: () => new Date('2026-01-01T00:00:00Z'),
  });
  return { app, engine, workers, lines };
}
