/** Bodies of the HTTP API as types, and the one table from an error's code to its HTTP status. */
import type { RestoreErrorCode } from '../errors.ts';
import type { OutputFormat, Precision } from '../options.ts';
import type { Phase, ProgressEvent } from '../progress.ts';
import type { InputFormat, InspectResult, RestoreReport } from '../report.ts';

/** What went wrong at the API: the codes of the core, and those of the way to it. */
export type ApiErrorCode =
  | RestoreErrorCode
  /** The request is no HTTP or multipart we can read. */
  | 'bad-request'
  /** No key came, or one that is not known. */
  | 'unauthorized'
  /** The key is known and may not do this. */
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  /** The body came too slowly. */
  | 'request-timeout'
  /** The request's headers are longer than the server reads. */
  | 'headers-too-large'
  /** The server does not fetch from this address. */
  | 'url-refused'
  /** The address gave no picture. */
  | 'url-failed'
  /** More requests than the key's rate allows. */
  | 'rate-limited'
  /** The client has gone; nobody reads this. */
  | 'client-closed'
  /** Every place is taken. */
  | 'overloaded'
  /** The models are still loading. */
  | 'not-ready'
  /** The server is ending; another one, or the same a little later, will answer. */
  | 'shutting-down'
  /** The work took longer than a request may. */
  | 'deadline-exceeded'
  /** The idempotency key was used before with another picture or other options. */
  | 'idempotency-mismatch'
  /** The job has no result yet. */
  | 'job-not-done'
  /** The server could not keep the picture or its result. */
  | 'storage-failed'
  /** A gateway had the request, and the server behind it broke off. */
  | 'origin-failed'
  /** The inference thread ended twice while it had this picture. */
  | 'engine-crashed'
  /** A fault of the server that has no other name. */
  | 'internal';

/** HTTP status of each code, and whether the same request may succeed later. */
export const ERROR_TABLE: Readonly<Record<ApiErrorCode, { readonly status: number; readonly retryable: boolean; readonly title: string }>> = {
  'empty-input': { status: 400, retryable: false, title: 'No picture came' },
  'bad-request': { status: 400, retryable: false, title: 'The request cannot be read' },
  'invalid-option': { status: 400, retryable: false, title: 'An option is wrong' },
  unauthorized: { status: 401, retryable: false, title: 'An API key is needed' },
  forbidden: { status: 403, retryable: false, title: 'The API key may not do this' },
  'url-refused': { status: 403, retryable: false, title: 'The address is not fetched' },
  'not-found': { status: 404, retryable: false, title: 'There is nothing here' },
  'model-not-found': { status: 404, retryable: false, title: 'There is no such model' },
  'method-not-allowed': { status: 405, retryable: false, title: 'The path has no such method' },
  'job-not-done': { status: 409, retryable: true, title: 'The job has no result yet' },
  'request-timeout': { status: 408, retryable: true, title: 'The body came too slowly' },
  'too-large': { status: 413, retryable: false, title: 'The picture is too large' },
  'unsupported-format': { status: 415, retryable: false, title: 'The picture is of no known kind' },
  truncated: { status: 422, retryable: false, title: 'The picture ends too early' },
  'corrupt-image': { status: 422, retryable: false, title: 'The picture is broken' },
  'idempotency-mismatch': { status: 422, retryable: false, title: 'The idempotency key belongs to another request' },
  'url-failed': { status: 422, retryable: false, title: 'The address gave no picture' },
  'rate-limited': { status: 429, retryable: true, title: 'Too many requests' },
  'headers-too-large': { status: 431, retryable: false, title: 'The headers are too long' },
  'client-closed': { status: 499, retryable: true, title: 'The client has gone' },
  'encode-failed': { status: 500, retryable: false, title: 'The restored picture could not be written' },
  'model-corrupt': { status: 500, retryable: false, title: 'The server has wrong model files' },
  'manifest-invalid': { status: 500, retryable: false, title: 'The server has a wrong manifest' },
  'dims-mismatch': { status: 500, retryable: false, title: 'A fault of the server' },
  'backend-failed': { status: 500, retryable: true, title: 'Inference failed' },
  'runtime-missing': { status: 500, retryable: false, title: 'The server lacks a runtime' },
  'engine-crashed': { status: 500, retryable: true, title: 'Inference crashed' },
  internal: { status: 500, retryable: false, title: 'A fault of the server' },
  'origin-failed': { status: 502, retryable: true, title: 'The server behind the gateway broke off' },
  disposed: { status: 503, retryable: true, title: 'The server is ending' },
  'storage-failed': { status: 503, retryable: true, title: 'The server could not keep the picture' },
  overloaded: { status: 503, retryable: true, title: 'Every place is taken' },
  'not-ready': { status: 503, retryable: true, title: 'The models are loading' },
  'shutting-down': { status: 503, retryable: true, title: 'The server is ending' },
  'deadline-exceeded': { status: 504, retryable: true, title: 'The work took too long' },
};

/** Body of every error: problem details (RFC 9457) with three members of our own, and `errors` where several options are wrong. */
export type Problem = {
  /** `about:blank`: the code says more than a page would. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** What was expected, what came, what to do. */
  readonly detail: string;
  readonly code: ApiErrorCode;
  readonly requestId: string;
  /** Whether the same request may succeed later; then wait as `Retry-After` says. */
  readonly retryable: boolean;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
};

/** `POST /v1/restore` with `Accept: application/json`. */
export type RestoreMessage = {
  readonly requestId: string;
  readonly image: {
    readonly mediaType: `image/${OutputFormat}`;
    readonly width: number;
    readonly height: number;
    readonly bytes: number;
    /** `data:image/...;base64,...` */
    readonly dataUrl: string;
  };
  readonly report: RestoreReport;
};

/** One line of `POST /v1/restore` with `Accept: application/vnd.fairweather.progress`; `result` or `problem` is the last one. */
export type RestoreEvent =
  /** It waits: its place in the queue, 1 for the next to be begun. Clients are served in turn: it may grow when others come. */
  | { readonly type: 'place'; readonly place: number }
  /** As the core tells them. */
  | WithoutTime<Extract<ProgressEvent, { readonly type: 'phase' | 'step' | 'tile' }>>
  /** The picture is behind this line: `image.bytes` of them. */
  | {
      readonly type: 'result';
      readonly requestId: string;
      readonly image: Omit<RestoreMessage['image'], 'dataUrl'>;
      readonly report: RestoreReport;
    }
  /** What failed once the answer had begun; its `status` is the one a plain answer would have had. */
  | { readonly type: 'problem'; readonly problem: Problem /** Seconds. */; readonly retryAfter?: number };

type WithoutTime<Event> = Event extends unknown ? Omit<Event, 'elapsedMs'> : never;

/** `POST /v1/inspect`. */
export type InspectMessage = { readonly requestId: string; readonly report: InspectResult };

/** `waiting` and `running` go on; the others are the end of it, once and for good. */
export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** A restoration that was accepted and is done when there is room: `GET /v1/jobs/{id}`, and every event of it. Times are ISO 8601. */
export type JobMessage = {
  readonly id: string;
  readonly state: JobState;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Job and result are deleted then; set once it has ended. */
  readonly expiresAt?: string;
  /** While it is `waiting`: its place in the queue, 1 for the next to be begun, 1000 for all from there on. Clients are served in turn: it may grow when others come. */
  readonly place?: number;
  /** While it is `running`: the phase, and the share of the tiles that is done, 0 to 1. */
  readonly progress?: { readonly phase: Phase; readonly fraction: number };
  /** Once it is `done`. The picture is at `links.result`. */
  readonly result?: {
    readonly mediaType: `image/${OutputFormat}`;
    readonly width: number;
    readonly height: number;
    readonly bytes: number;
    readonly report: RestoreReport;
  };
  /** Once it has `failed`. */
  readonly problem?: Problem;
  /** Paths on the same server. */
  readonly links: { readonly self: string; readonly events: string; readonly result: string };
};

/** `POST /v1/jobs`: one job a picture, in the order they were sent. */
export type JobsMessage = { readonly requestId: string; readonly jobs: readonly JobMessage[] };

/** `POST /v1/uploads`: where a picture may be put, for jobs that name it by `id`: `POST /v1/jobs` with `{"uploads":["<id>"]}`. */
export type UploadMessage = {
  readonly requestId: string;
  readonly id: string;
  /** An address outside this server, with a signature in it that is good for this method and these headers alone. */
  readonly url: string;
  readonly method: 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** ISO 8601; the address is refused from then on. */
  readonly expiresAt: string;
};

/** A model as the API names it. */
export type ModelSummary = {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly licence: string;
  readonly weathers: readonly string[];
  readonly precisions: readonly Precision[];
  readonly default: boolean;
};

/** `GET /v1/models`. */
export type ModelsMessage = { readonly models: readonly ModelSummary[] };

/** `GET /v1/limits`: what a client may send, so that it need not find out by errors. */
export type LimitsMessage = {
  /** Size of a request's body in bytes. */
  readonly maxBodyBytes: number;
  /** Width times height. */
  readonly maxPixels: number;
  /** Longer side in pixels. */
  readonly maxSidePx: number;
  /** A request that takes longer ends with `deadline-exceeded`. */
  readonly deadlineMs: number;
  /** Requests a minute for this client; 0 means no limit. */
  readonly ratePerMinute: number;
  /** Restorations and uploads of one client at a time, waiting ones included. */
  readonly maxConcurrentPerClient: number;
  readonly inputFormats: readonly InputFormat[];
  readonly outputFormats: readonly OutputFormat[];
};

/** `GET /readyz`. */
export type ReadyMessage = { readonly status: 'ready'; readonly backend: string; readonly workers: number };
