/** An error -> what can cross between page and worker, and back. */
import { isRestoreError, RestoreError, type ErrorCode } from '../errors.ts';
import type { Failure } from './messages.ts';

export function describeFailure(error: unknown, signal?: AbortSignal): Failure {
  if (signal?.aborted) return { kind: 'aborted', code: '', message: 'Aborted.', details: {} };
  if (isRestoreError(error)) return { kind: 'restore-error', code: error.code, message: error.message, details: error.details };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'other', code: '', message, details: {} };
}

/** What was not ours is a failure of the backend: it stands for everything the runtime may throw. */
export function reviveFailure({ kind, code, message, details }: Failure): Error {
  if (kind === 'aborted') return new DOMException(message, 'AbortError');
  return new RestoreError(kind === 'restore-error' ? (code as ErrorCode) : 'backend-failed', message, { details }); // codes are made by `describeFailure`
}
