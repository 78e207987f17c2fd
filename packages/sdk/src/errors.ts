/** Every failure of the client: one class with a literal `code`; and the one place where problems, statuses and strangers' errors become it. */
import type { RestoreErrorDetails } from '@fairweather/core';
import type { ApiErrorCode, Problem } from '@fairweather/core/contract';

/** What went wrong, for programs: the codes of core and API, and those of the way between. The message says what was expected, what came, what to do. */
export type ErrorCode =
  | ApiErrorCode
  /** There is no network, and what is needed is not on this device. */
  | 'offline'
  /** The server was not reached, or the connection broke off. */
  | 'connection-failed'
  /** The server did not answer within `timeoutMs`. */
  | 'timeout'
  /** Something answered that is not the API, or not in its words. */
  | 'bad-response'
  /** A secret API key would be readable by everyone who opens the page. */
  | 'secret-key-in-browser'
  /** No engine can be used with these settings on this device. */
  | 'engine-unavailable'
  /** There is not enough storage for what was to be kept. */
  | 'storage-full';

/** What an error knows besides its code and its sentence. */
export type ErrorFacts = {
  readonly cause?: unknown;
  readonly details?: RestoreErrorDetails;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
};

/**
 * The one root of all errors of this package. An abort is not one: it passes through as the signal's reason (a `DOMException` named
 * `AbortError` unless the caller gave another). Core has a class of the same name and shape; what it throws arrives as this one, with the original as `cause`.
 */
export class RestoreError extends Error {
  override readonly name: string = 'RestoreError';
  /** Literal code, stable across versions. */
  declare readonly code: ErrorCode;
  /** HTTP status, where a server answered. */
  declare readonly status: number | undefined;
  /** Names the request in the server's log; known also when no answer came. */
  declare readonly requestId: string | undefined;
  /** Whether the same call may succeed later. */
  declare readonly retryable: boolean;
  /** How long the server asks to wait, in milliseconds. */
  declare readonly retryAfterMs: number | undefined;
  /** The facts behind the sentence, e.g. `{ option: 'seed' }`. */
  declare readonly details: RestoreErrorDetails;

  constructor(code: ErrorCode, message: string, { cause, ...facts }: ErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, { details: {}, ...facts, retryable: facts.retryable === true, code });
  }
}

/** Whether a thrown value is a `RestoreError`, also one made by another copy of this package. */
export function isRestoreError(thrown: unknown): thrown is RestoreError {
  return thrown instanceof Error && thrown.name === 'RestoreError' && 'code' in thrown;
}

/** Whether a thrown value is an abort. */
export function isAbortError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'AbortError';
}

/** What an engine threw -> what the client throws: errors of core or of another copy of this package become its own, all others stay. */
export function asClientError(thrown: unknown): unknown {
  if (thrown instanceof RestoreError || !isRestoreError(thrown)) return thrown;
  return new RestoreError(thrown.code, thrown.message, { ...thrown, cause: thrown });
}

/** An answer that is an error -> the error. `body` is what came as JSON, or nothing. */
export function answerError(status: number, body: unknown, { requestId, retryAfterMs }: Pick<ErrorFacts, 'requestId' | 'retryAfterMs'>): RestoreError {
  const facts = { status, requestId, retryAfterMs };
  if (!isProblem(body)) {
    const retryable = status >= 500 || status === 408 || status === 429;
    return new RestoreError(CODES[status] ?? 'bad-response', `The server answered ${status} without a reason; look at what stands before it.`, {
      ...facts,
      retryable,
    });
  }
  const { code, detail, retryable, errors } = body;
  const details = errors === undefined ? {} : { options: errors.map(({ field }) => field) };
  return new RestoreError(code, detail, { ...facts, requestId: body.requestId, retryable, details });
}

/** Statuses of proxies and platforms that know nothing of problem bodies -> code. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  408: 'request-timeout',
  413: 'too-large',
  429: 'rate-limited',
  502: 'connection-failed',
  503: 'overloaded',
  504: 'deadline-exceeded',
};

function isProblem(body: unknown): body is Problem {
  const { code, detail, retryable } = (body ?? {}) as Partial<Record<keyof Problem, unknown>>; // looked at below
  return typeof code === 'string' && typeof detail === 'string' && typeof retryable === 'boolean';
}
