/** Failures of the API itself, and any thrown value -> the problem (RFC 9457) a client reads. Stacks, paths and causes stay in the log. */
import { isRestoreError } from '@fairweather/core';
import { type ApiErrorCode, ERROR_TABLE, type Problem } from '@fairweather/core/contract';

export type FieldFault = { readonly field: string; readonly message: string };

/** A failure on the way to the core; the message says what was expected, what came and what to do. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly code: ApiErrorCode;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSec: number | undefined;
  /** The options that are wrong, where there may be several. */
  readonly errors: readonly FieldFault[] | undefined;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterSec?: number; readonly errors?: readonly FieldFault[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterSec = options.retryAfterSec;
    this.errors = options.errors;
  }
}

/** What a client is told about a failure. */
export type Failure = { readonly problem: Problem; readonly retryAfterSec: number | undefined };

/** Sentences of the core reach the client where the request is to blame; of our own faults only the code does. */
export function describeFailure(thrown: unknown, requestId: string): Failure {
  const code = codeOf(thrown);
  const { status, title, retryable } = ERROR_TABLE[code];
  const ours = status === 500;
  const detail = !ours && thrown instanceof Error ? thrown.message : `Something failed on the server; name the request id ${requestId} when you ask for help.`;
  const errors = thrown instanceof ApiError && thrown.errors !== undefined ? { errors: thrown.errors } : {};
  return {
    problem: { type: 'about:blank', title, status, detail, code, requestId, retryable, ...errors },
    retryAfterSec: thrown instanceof ApiError ? thrown.retryAfterSec : status === 503 ? 1 : undefined,
  };
}

function codeOf(thrown: unknown): ApiErrorCode {
  if (thrown instanceof ApiError) return thrown.code;
  return isRestoreError(thrown) && Object.hasOwn(ERROR_TABLE, thrown.code) ? thrown.code : 'internal';
}
