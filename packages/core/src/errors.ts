/** Every failure of Fairweather: one class with a literal `code`, a sentence for people and the facts behind it. */

/** What went wrong, for programs. The message says what was expected, what came and what to do. */
export type RestoreErrorCode =
  /** No bytes came in. */
  | 'empty-input'
  /** The bytes are no picture we know, or one this runtime cannot decode. */
  | 'unsupported-format'
  /** The picture ends before its pixels do. */
  | 'truncated'
  /** The picture's bytes are broken in another way. */
  | 'corrupt-image'
  /** More bytes, pixels or a longer side than the limits allow. Found before anything is decoded. */
  | 'too-large'
  /** An option is out of range, unknown, or cannot be honoured with these settings. */
  | 'invalid-option'
  /** The manifest names no such model, or the models are not installed. */
  | 'model-not-found'
  /** A model file has the wrong size or SHA-256. It is never run. */
  | 'model-corrupt'
  /** The manifest does not follow the model contract. */
  | 'manifest-invalid'
  /** A tensor has other dims than expected. */
  | 'dims-mismatch'
  /** The inference runtime could not load or run a graph, or gave numbers that are not finite. */
  | 'backend-failed'
  /** The picture could not be written. */
  | 'encode-failed'
  /** An optional peer dependency is missing. */
  | 'runtime-missing'
  /** The restorer was used after `dispose`. */
  | 'disposed';

/** Typed facts of an error, as plain JSON values: limits, sizes, names. */
export type RestoreErrorDetails = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

/**
 * The one root of all errors thrown by Fairweather. An abort is not one: it passes through as the signal's reason
 * (a `DOMException` named `AbortError` unless the caller gave another).
 */
export class RestoreError extends Error {
  override readonly name: string = 'RestoreError';
  /** Literal code, stable across versions. */
  readonly code: RestoreErrorCode;
  /** The facts behind the sentence, e.g. `{ pixels: 900000000, maxPixels: 100000000 }`. */
  readonly details: RestoreErrorDetails;

  constructor(code: RestoreErrorCode, message: string, options: { readonly cause?: unknown; readonly details?: RestoreErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
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
