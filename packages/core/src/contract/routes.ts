/** Where the HTTP API answers, and what its fields and headers are called: the words that server and client share. */

/** Paths of the API; `jobPath` fills in an id. */
export const ROUTES = {
  restore: '/v1/restore',
  inspect: '/v1/inspect',
  jobs: '/v1/jobs',
  uploads: '/v1/uploads',
  job: '/v1/jobs/{id}',
  jobEvents: '/v1/jobs/{id}/events',
  jobResult: '/v1/jobs/{id}/result',
  models: '/v1/models',
  limits: '/v1/limits',
  live: '/livez',
  ready: '/readyz',
  ping: '/ping',
  metrics: '/metrics',
  openapi: '/openapi.json',
  docs: '/docs',
} as const;

type JobRoute = 'job' | 'jobEvents' | 'jobResult';

/** The path of one job: `jobPath('jobResult', id)`. */
export function jobPath(route: JobRoute, id: string): string {
  return ROUTES[route].replace('{id}', encodeURIComponent(id));
}

/** The part of a multipart upload that holds the picture. */
export const IMAGE_FIELD = 'image';

/** Options of `POST /v1/inspect`, as query parameters or multipart fields. */
export const INSPECT_FIELDS = ['model', 'precision'] as const;

/**
 * Options of `POST /v1/restore`, as query parameters or multipart fields. Meaning, range and default are those of `RestoreOptions`;
 * `remove` is a list with commas (`rain,haze`), `format`, `quality` and `metadata` are its `output`.
 */
export const RESTORE_FIELDS = ['model', 'precision', 'remove', 'strength', 'seed', 'steps', 'tile', 'scale', 'format', 'quality', 'metadata'] as const;

/**
 * Fields of `POST /v1/jobs` beside those of a restoration. `webhook` is an https address that is told of the job's end in the form of Standard
 * Webhooks; a server says which hosts it may be on.
 */
export const JOB_FIELDS = ['webhook'] as const;

/** Headers of our own, beside the standard ones (`Server-Timing`, `Retry-After`, `RateLimit`, `RateLimit-Policy`). */
export const HEADERS = {
  /** Taken from the request when it is 1 to 64 of `A-Z a-z 0-9 . _ -`, else made up; in every answer and every log line. */
  requestId: 'X-Request-Id',
  /** Name and version of the model: `nano/0.1.0`. */
  model: 'Fairweather-Model',
  /** Execution provider: `cpu`, `cuda`, `webgpu`. */
  backend: 'Fairweather-Backend',
  /** The seed that was used. */
  seed: 'Fairweather-Seed',
  /** The weather report as a structured list (RFC 9651): `rain;presence=0.912;share=0.7, haze;presence=0.31;share=0.3`. */
  weather: 'Fairweather-Weather',
  /** Codes of the report's warnings as a structured list; absent without warnings. */
  warnings: 'Fairweather-Warnings',
  /** Of a request: sent again with the same key and content, `POST /v1/jobs` answers with the jobs of the first time (draft-ietf-httpapi-idempotency-key-header). */
  idempotencyKey: 'Idempotency-Key',
  /** `true` in such an answer. */
  idempotencyReplayed: 'Idempotency-Replayed',
} as const;

/**
 * Media type of the answer to `POST /v1/restore` that tells its progress, to who accepts it: lines of JSON, each a `RestoreEvent`, empty ones as
 * signs of life; behind the line `result` the picture itself, as many bytes as the line says, and nothing else.
 */
export const PROGRESS_TYPE = 'application/vnd.fairweather.progress';

/** Media type of every error (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** What a key may be allowed to do. */
export const SCOPES = ['restore', 'inspect', 'metrics'] as const;
export type Scope = (typeof SCOPES)[number];
