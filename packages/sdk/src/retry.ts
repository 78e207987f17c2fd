/** Attempts of one call: which failure is tried again, after how long, and never after an abort. Clock and chance come from outside. */
import { RestoreError } from './errors.ts';

export type RetryRule = {
  /** Attempts after the first one. */
  readonly maxRetries: number;
  /** A last word on failures that could be tried again. @default all may */
  mayRetry?(failure: RestoreError): boolean;
  /** 0 (inclusive) to 1 (exclusive). */
  random(): number;
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** Told before every wait; `attempt` is the one that comes next, from 2 on. */
  onWait?(attempt: number, waitMs: number, failure: RestoreError): void;
};

/** A server that asks for more patience than this gets none: the caller is told. */
const LONGEST_WAIT_MS = 60_000;

/** @param attempt from 1 on */
export async function withRetries<T>(work: (attempt: number) => Promise<T>, signal: AbortSignal | undefined, rule: RetryRule): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (failure) {
      signal?.throwIfAborted();
      if (!(failure instanceof RestoreError) || attempt > rule.maxRetries || rule.mayRetry?.(failure) === false) throw failure;
      const waitMs = planWait(failure, attempt, rule.random());
      if (waitMs === undefined) throw failure;
      rule.onWait?.(attempt + 1, waitMs, failure);
      await rule.sleep(waitMs, signal);
    }
  }
}

/**
 * Milliseconds until the next attempt, or undefined when there is to be none. Without a word of the server: half a second, doubled with every
 * attempt up to 8 s, of which a random half is left out so that clients do not come back together. With `Retry-After`: never earlier.
 */
export function planWait({ retryable, retryAfterMs }: Pick<RestoreError, 'retryable' | 'retryAfterMs'>, attempt: number, random: number): number | undefined {
  if (!retryable) return undefined;
  if (retryAfterMs === undefined) return Math.min(500 * 2 ** (attempt - 1), 8000) * (1 - random / 2);
  return retryAfterMs > LONGEST_WAIT_MS ? undefined : retryAfterMs + random * Math.min(1000, 100 + retryAfterMs / 4);
}

/**
 * The header in milliseconds: seconds, or a date.
 * @param nowMs of the wall clock
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
