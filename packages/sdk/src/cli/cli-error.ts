/** Failures of the command itself, beside those of the core: an error with a literal code, and any thrown value -> code and message. */
import { isAbortError, isRestoreError } from '@fairweather/core';

/** What went wrong around a restoration. Stable: scripts read them out of `--json`. */
export type CliErrorCode =
  /** No file, folder or glob of that name. */
  | 'input-not-found'
  /** The file is there and cannot be read. */
  | 'input-unreadable'
  /** The output is there already and `--force` was not given; or it is the input itself. */
  | 'output-exists'
  /** Two inputs would be written to one output. */
  | 'output-collides'
  /** The output cannot be written. */
  | 'output-unwritable';

export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The command was called wrongly: nothing was done. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** A failure as `--json` prints it. */
export type Failure = { readonly code: string; readonly message: string };

/** `internal` is a fault of Fairweather, `aborted` an interruption. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof CliError || isRestoreError(thrown)) return { code: thrown.code, message: thrown.message };
  if (isAbortError(thrown)) return { code: 'aborted', message: 'Interrupted.' };
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown) };
}
