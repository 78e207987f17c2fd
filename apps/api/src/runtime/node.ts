/** A configuration -> the API on a Node socket: listens at once, loads in the background, drains when it is told to end. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server, STATUS_CODES } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { openModelsDir } from '@fairweather/core/node';
import { type ApiErrorCode, ERROR_TABLE, HEADERS, PROBLEM_TYPE } from '@fairweather/core/contract';
import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Context } from 'hono';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { ApiError, describeFailure } from '../api-error.ts';
import { createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { createEngine, type Engine, type EngineEvent } from '../engine/engine.ts';
import { type InferenceWorker, startInferenceWorker } from '../engine/start-worker.ts';
import { type OpenJobs, openJobs } from '../jobs/open-jobs.ts';
import { createMetrics } from '../observe/metrics.ts';
import { startTracing, type Tracing } from '../observe/tracing.ts';
import { createMemoryRateLimit, createRedisRateLimit } from '../rate-limit.ts';
import { registerDemo } from '../routes/demo.ts';
import { createPictureFetcher, type FetchPicture } from '../upload/fetch-picture.ts';

export type RunningServer = {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly engine: Engine;
  /** Resolves with the first ready worker; rejects when none can be started. */
  readonly ready: Promise<void>;
  /** Takes nothing new, ends what was accepted, closes. @returns whether all of it ended in time */
  close(): Promise<boolean>;
};

/** Headers of a request, in bytes; Node answers longer ones itself, by `answerBrokenRequest`. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * @param startWorker for tests that need the workers in their hands
 * @throws RestoreError `model-not-found`, `manifest-invalid`; Error when the port is taken
 */
export async function startServer(
  config: Config,
  log: Logger,
  startWorker: () => Promise<InferenceWorker> = () => startInferenceWorker(config.worker),
): Promise<RunningServer> {
  const { manifest } = await openModelsDir(config.worker.modelsDir);
  const readiness = Promise.withResolvers<void>();
  readiness.promise.catch(() => {}); // told by the log as well; who waits for it is told too
  const onEvent = (event: EngineEvent): void => {
    logEngine(log, event);
    if (event.type === 'started') readiness.resolve();
    if (event.type === 'failed') readiness.reject(event.error);
  };
  const engine = createEngine(config.engine, { manifest, startWorker, onEvent });
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log);
  const tracing = startTracing(process.env);
  const jobs = await openJobs(config, engine, log);
  readiness.promise.then(jobs.start, () => {}); // told above
  const docsDir = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const app = createApp({
    settings: config.app,
    engine,
    rateLimit: redis === undefined ? createMemoryRateLimit() : createRedisRateLimit(redis),
    metrics: createMetrics(engine.status),
    log,
    tracer: tracing.tracer,
    clientAddress: (c) => clientAddress(c, config.trustedProxies),
    docsFile: async (name) => new Uint8Array(await readFile(join(docsDir, name))), // names come from a fixed list
    ...(config.fetchHosts.length === 0 ? {} : { fetchPicture: fetcherOf(config) }),
    jobs: jobs.jobs,
    checkWebhook: jobs.checkWebhook,
    now: () => new Date(),
  });
  if (config.demoDir !== undefined) registerDemo(app, serveStatic({ root: config.demoDir, precompressed: true }));

  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 10_000, requestTimeout: config.app.bodyTimeoutMs + 10_000, connectionsCheckingInterval: 5_000 },
    getRequestListener(app.fetch),
  );
  server.on('clientError', answerBrokenRequest);
  const url = await listen(server, config);
  return { url, engine, ready: readiness.promise, close: () => close(server, engine, jobs, config.drainTimeoutMs).finally(() => end(tracing, redis, log)) };
}

function fetcherOf({ fetchHosts, fetchTimeoutMs, app: { maxBodyBytes } }: Config): FetchPicture {
  return createPictureFetcher({ hosts: fetchHosts, maxBytes: maxBodyBytes, timeoutMs: fetchTimeoutMs });
}

function listen(server: Server, { host, port }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const { address, family, port: taken } = server.address() as AddressInfo; // a TCP socket has one
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`);
    });
  });
}

async function close(server: Server, engine: Engine, jobs: OpenJobs, timeoutMs: number): Promise<boolean> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const [drained] = await Promise.all([engine.close(timeoutMs), jobs.close(timeoutMs)]);
  server.closeIdleConnections();
  const last = setTimeout(() => server.closeAllConnections(), 2000); // answers that nobody reads
  await closed;
  clearTimeout(last);
  return drained;
}

/** The address of the socket, or the one the outermost believed proxy saw. */
function clientAddress(c: Context, trustedProxies: number): string {
  const forwarded = (c.req.header('X-Forwarded-For') ?? '').split(',').map((entry) => entry.trim());
  const behind = trustedProxies === 0 ? undefined : forwarded.at(-trustedProxies);
  return behind !== undefined && behind !== '' ? behind : (getConnInfo(c).remote.address ?? 'unknown');
}

/** What is no HTTP never reaches the app; it is answered in the same form. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [code, sentence]: readonly [ApiErrorCode, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['headers-too-large', `The headers may have ${MAX_HEADER_BYTES} bytes, they have more.`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['request-timeout', 'The request came too slowly; send it again over a faster line.']
        : ['bad-request', 'Expected HTTP/1.1, the bytes are not that.'];
  const { status } = ERROR_TABLE[code];
  const requestId = crypto.randomUUID();
  const body = JSON.stringify(describeFailure(new ApiError(code, sentence), requestId).problem);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${HEADERS.requestId}: ${requestId}`,
  ];
  socket.end(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`);
}

async function end(tracing: Tracing, redis: Redis | undefined, log: Logger): Promise<void> {
  redis?.disconnect();
  await tracing.close().catch((error: unknown) => log.warn({ err: error }, 'the last traces could not be sent'));
}

/** A request is never held up by Redis: what cannot be asked at once is counted here. */
function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 500 });
  redis.on('error', (error) => log.warn({ err: error }, 'Redis cannot be reached; rates are counted by this server alone'));
  redis.on('ready', () => log.info('Redis counts the rates'));
  return redis;
}

function logEngine(log: Logger, event: EngineEvent): void {
  if (event.type === 'started') {
    const { backend, psnrDb, refused } = event;
    log.info(
      { backend, selfTestDb: Number.isFinite(psnrDb) ? Math.round(psnrDb * 10) / 10 : 'equal', refused, sinceStartMs: Math.round(performance.now()) },
      'inference process ready',
    );
  } else if (event.type === 'lost') log.error({ err: event.error }, 'inference process lost; starting another, which does its work again');
  else log.fatal({ err: event.error }, 'no inference process can be started');
}
