/** One request to the API, with its retries: what to send in, the parsed answer or a typed error out. */
import type { HEADERS } from '@fairweather/core/contract';
import type { ClientSettings } from './client-options.ts';
import { withDeadline } from './deadline.ts';
import { answerError, RestoreError } from './errors.ts';
import type { Platform } from './platform.ts';
import { parseRetryAfter, type RetryRule, withRetries } from './retry.ts';
import type { TokenSource } from './token.ts';

/** Those of a client that has a server. */
export type TransportSettings = ClientSettings & { readonly baseUrl: string; readonly platform: Pick<Platform, 'random' | 'sleep' | 'now'> };

export type RequestPlan<T> = {
  /** One of `ROUTES`. */
  readonly path: string;
  /** Sent as POST, and with a key that lets the server know repetitions; without one it is a GET. */
  readonly body?: FormData | Blob;
  /** The body's key, by which the server knows it again. @default a random one */
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
  readonly maxRetries?: number;
  /** Whether a connection that failed is tried again. @default true */
  readonly retryConnection?: boolean;
  /** Of the request, beside what is set here. */
  readonly init?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> };
  /** Takes an answer that is no error. What breaks off while it reads is `broken`. @default JSON */
  readonly read?: (response: Response, broken: (cause: unknown) => never) => Promise<T>;
  /** Takes the place of `fetch` for this request. */
  readonly send?: typeof globalThis.fetch;
  /** Told when an upload begins and when it has been answered; `send` may tell more. */
  readonly onSent?: (sent: number, total: number) => void;
  readonly onWait?: RetryRule['onWait'];
};

export type Answer<T> = { readonly message: T; readonly requestId: string };

export type Transport = {
  readonly settings: TransportSettings;
  /** @throws RestoreError with every code of `ErrorCode`; an abort throws the signal's reason */
  request<T>(plan: RequestPlan<T>): Promise<Answer<T>>;
};

export function createTransport(settings: TransportSettings): Transport {
  const { apiKey, platform, timeoutMs } = settings;
  let tokens: TokenSource | undefined;
  const tryOnce = <T>(plan: RequestPlan<T>, [key, requestId]: Ids): Promise<Answer<T>> => {
    const message = `The server did not answer within ${timeoutMs} ms; raise timeoutMs.`;
    const late = (): RestoreError => new RestoreError('timeout', message, { retryable: true, requestId });
    return withDeadline(plan.signal, timeoutMs, late, async (signal) => {
      const send = (token?: string, suffix = ''): Promise<Answer<T>> => exchange<T>(settings, plan, [key, requestId + suffix], token, signal);
      if (typeof apiKey !== 'function') return send(apiKey);
      const { createTokenSource, withToken } = await import('./token.ts');
      tokens ??= createTokenSource(apiKey, platform.now);
      return withToken(tokens, signal, send);
    });
  };
  return {
    settings,
    request<T>(plan: RequestPlan<T>): Promise<Answer<T>> {
      // One key for all attempts: a server that knows it does not do, or count, the work twice.
      const id = makeId();
      const { key = id, maxRetries = settings.maxRetries, retryConnection = true, onWait } = plan;
      return withRetries((attempt) => tryOnce<T>(plan, [key, `${id}.${attempt}`]), plan.signal, {
        ...platform,
        maxRetries,
        mayRetry: ({ code }) => retryConnection || code !== 'connection-failed',
        ...(onWait && { onWait }),
      });
    },
  };
}

/** The idempotency key of all attempts, and the request id of this one. */
type Ids = readonly [key: string, requestId: string];

async function exchange<T>(
  { baseUrl, fetch, headers }: TransportSettings,
  { path, body, send = fetch, onSent, init: more, read }: RequestPlan<T>,
  [key, sentId]: Ids,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Answer<T>> {
  const init: RequestInit = {
    signal,
    ...(body && { method: 'POST', body }),
    ...more,
    headers: {
      Accept: 'application/json',
      [REQUEST_ID]: sentId,
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { [IDEMPOTENCY_KEY]: key }),
      ...more?.headers,
      ...headers,
    },
  };
  const broken = (cause: unknown): never => {
    const message = `The connection to ${baseUrl} failed: ${reasonOf(cause)}; look at baseUrl.`;
    throw new RestoreError('connection-failed', message, { cause, requestId: sentId, retryable: true });
  };
  onSent?.(0, 1);
  const response = await send(baseUrl + path.slice(1), init).catch(broken);
  onSent?.(1, 1);
  const { ok, status, headers: answer } = response;
  const requestId = answer.get(REQUEST_ID) ?? sentId;
  if (ok && read) return { message: await read(response, broken), requestId };
  const message = parseJson(await response.text().catch(broken));
  if (!ok) throw answerError(status, message, { requestId, retryAfterMs: parseRetryAfter(answer.get('Retry-After'), Date.now()) });
  if (typeof message !== 'object' || message === null)
    throw new RestoreError('bad-response', `The answer is not of the Fairweather API; look at baseUrl.`, {
      status,
      requestId,
    });
  return { message: message as T, requestId }; // the API's own contract, by its path
}

/** Written out, though the compiler holds it to the contract: the table would bring all its words into every page. */
const REQUEST_ID: (typeof HEADERS)['requestId'] = 'X-Request-Id';

/** Draft of the IETF (draft-ietf-httpapi-idempotency-key-header). */
const IDEMPOTENCY_KEY = 'Idempotency-Key';

/** Node hides the reason one level down. */
function reasonOf(thrown: unknown): string {
  const { message, cause } = thrown as { readonly message?: unknown; readonly cause?: { readonly code?: unknown; readonly message?: unknown } };
  return String(cause?.code ?? cause?.message ?? message ?? thrown);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // its absence is told by the caller, with the status
  }
}

/** 128 random bits in hexadecimal. (`crypto.randomUUID` is missing where a page came over plain http.) */
function makeId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
