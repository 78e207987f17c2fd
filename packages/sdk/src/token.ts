/** A function that fetches short-lived tokens -> the token for the next request. */
import { RestoreError } from './errors.ts';

/** A token and how long it lives. Without a lifetime it is asked for again before every request. */
export type Token = { readonly token: string; readonly expiresInMs?: number };

/** Fetches a short-lived token, usually from the page's own server, which holds the key. Called again when a token has expired or was refused. */
export type TokenProvider = (context: { readonly signal: AbortSignal }) => string | Token | Promise<string | Token>;

export type TokenSource = {
  take(signal: AbortSignal): Promise<string>;
  /** The server refused the token; the next one is fetched anew. */
  refuse(token: string): void;
};

/** A token that ends so soon is no longer used: the request has to arrive, too. */
const MARGIN_MS = 10_000;

/** @param now milliseconds of a monotonic clock */
export function createTokenSource(provide: TokenProvider, now: () => number): TokenSource {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return {
    async take(signal) {
      if (kept !== undefined && now() < kept.until) return kept.token;
      const given = await provide({ signal });
      const { token, expiresInMs = 0 } = typeof given === 'string' ? { token: given } : given;
      kept = { token, until: now() + expiresInMs - MARGIN_MS };
      return token;
    },
    refuse(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

/**
 * A request with a token. One that was refused although its time was not up is followed by a fresh one, once.
 * @param send `suffix` tells the request ids of the two apart
 */
export async function withToken<T>(source: TokenSource, signal: AbortSignal, send: (token: string, suffix?: string) => Promise<T>): Promise<T> {
  const token = await source.take(signal);
  try {
    return await send(token);
  } catch (error) {
    if (!(error instanceof RestoreError) || error.code !== 'unauthorized') throw error;
    source.refuse(token);
    return send(await source.take(signal), '.again');
  }
}
