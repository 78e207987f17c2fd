/** What travels with a request through the app, and what the app is made of. */
import type { KeyRecord } from '@fairweather/core/api-key';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Span, Tracer } from '@opentelemetry/api';
import type { Context } from 'hono';
import type { Client } from './client.ts';
import type { Engine } from './engine/engine.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Metrics } from './observe/metrics.ts';
import type { RequestLog } from './observe/request-log.ts';
import type { RateLimit } from './rate-limit.ts';
import type { FetchPicture } from './upload/fetch-picture.ts';

/** Limits and doors; all of it comes from the configuration. */
export type AppSettings = {
  readonly maxBodyBytes: number;
  /** Of a picture that its client puts into the storage. */
  readonly maxUploadBytes: number;
  readonly maxPixels: number;
  readonly maxSidePx: number;
  readonly bodyTimeoutMs: number;
  readonly deadlineMs: number;
  readonly queuePerClient: number;
  /** Requests a minute of a client without a rate of its own; 0 means no limit. */
  readonly ratePerMinute: number;
  /** Keys that are known; without a list everyone may do everything. */
  readonly keys: readonly KeyRecord[] | undefined;
  /** Origins whose pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
};

/** What the app needs from outside. */
export type AppDeps = {
  readonly settings: AppSettings;
  readonly engine: Engine;
  readonly rateLimit: RateLimit;
  readonly metrics: Metrics;
  readonly log: RequestLog;
  readonly tracer: Tracer;
  /** The address a request comes from. */
  clientAddress(c: Context): string;
  /** A file of the reference page, by name; `undefined` when there is none of that name. */
  docsFile(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Where pictures may be named by their address; not at all when left out. */
  readonly fetchPicture?: FetchPicture;
  readonly jobs: Jobs;
  /** @throws ApiError `url-refused` where an address may not be told of jobs */
  checkWebhook(url: string): void;
  readonly now: () => Date;
};

export type AppEnv = {
  Variables: {
    requestId: string;
    client: Client;
    span: Span;
    /** Facts for the log line: sizes, model, milliseconds; no picture, no key. */
    facts: Record<string, string | number>;
    /** Of an answer that has only begun when its route returns: how it ends. Logged, counted and traced then. */
    goesOn: Promise<AnswerEnd>;
  };
};

/** `status` as a plain answer would have had it; `thrown` is what failed. */
export type AnswerEnd = { readonly status: number; readonly thrown?: unknown };

export type App = OpenAPIHono<AppEnv>;
