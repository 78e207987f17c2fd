/** How large a picture may be, and the error for one that is larger. */
import { RestoreError } from './errors.ts';

/** The same as core's default. */
export const MAX_BYTES = 268_435_456;

export type ReadOptions = { readonly maxBytes?: number | undefined; readonly signal?: AbortSignal | undefined; readonly fetch: typeof globalThis.fetch };

export function tooLarge(maxBytes: number, got: string): RestoreError {
  return new RestoreError('too-large', `The file may have ${maxBytes} bytes, ${got}; raise limits.maxBytes or send a smaller file.`, { details: { maxBytes } });
}
