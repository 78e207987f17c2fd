/** The app around fake workers: everything but inference and the socket is the real thing. */
import type { Manifest, ModelSpec } from '@fairweather/core';
import type { Tracer } from '@opentelemetry/api';
import { ApiError } from '../src/api-error.ts';
import { createApp } from '../src/app.ts';
import type { App, AppSettings } from '../src/app-env.ts';
import { createEngine, type Engine, type EngineSettings } from '../src/engine/engine.ts';
import { type BlobStore, inputName, type QueueSettings } from '../src/jobs/job.ts';
import { createJobs } from '../src/jobs/jobs.ts';
import { createJobRunner } from '../src/jobs/run-job.ts';
import { openSqliteQueue } from '../src/jobs/sqlite-queue.ts';
import { createMetrics } from '../src/observe/metrics.ts';
import { startTracing } from '../src/observe/tracing.ts';
import { createMemoryRateLimit } from '../src/rate-limit.ts';
import type { FetchPicture } from '../src/upload/fetch-picture.ts';
import { createMemoryStore } from './memory-store.ts';
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
  maxUploadBytes: 8192,
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
    blobs = createMemoryStore(),
    queue: queueChanges = {},
    linkFromBytes = 1_000_000,
  }: {
    readonly workers?: FakeWorkers;
    readonly engine?: Partial<EngineSettings>;
    readonly tracer?: Tracer;
    readonly fetchPicture?: FetchPicture;
    readonly blobs?: BlobStore;
    readonly linkFromBytes?: number;
    readonly queue?: Partial<QueueSettings>;
  } = {},
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
  const queueSettings: QueueSettings = {
    concurrency: 1,
    maxWaiting: 4,
    keepMs: 60_000,
    maxStarts: 3,
    webhookDelayMs: () => undefined,
    onError: (error) => note({ err: error }),
    onEnded: (id) => void blobs.delete(inputName(id)),
    ...queueChanges,
  };
  const queue = openSqliteQueue(':memory:', queueSettings);
  const jobs = createJobs({ queue, blobs, linkFromBytes, maxUploadBytes: settings.maxUploadBytes, onError: (error) => note({ err: error }) });
  queue.start({ run: createJobRunner({ engine, blobs }), notify: async () => {} });
  const app = createApp({
    settings,
    engine,
    rateLimit: createMemoryRateLimit(),
    metrics: createMetrics(engine.status),
    log: { info: note, warn: note, error: note },
    tracer,
    clientAddress: (c) => c.req.header('Test-Address') ?? '127.0.0.1',
    docsFile: async (name) => new TextEncoder().encode(name),
    checkWebhook: (url) => {
      if (!url.startsWith('https://app.example/')) throw new ApiError('url-refused', 'not there');
    },
    jobs,
    ...(fetchPicture === undefined ? {} : { fetchPicture }),
    now: () => new Date('2026-01-01T00:00:00Z'),
  });
  return { app, engine, workers, lines };
}
