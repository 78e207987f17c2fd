/** One request to the API, with its retries: what to send in, the parsed answer or a typed error out. */
import { HEADERS } from '@fairweather/core/contract';
import { withDeadline } from './deadline.ts';
import { answerError, RestoreError } from './errors.ts';
import type { Platform } from './platform.ts';
import { parseRetryAfter, type RetryRule, withRetries } from './retry.ts';
import type { TokenSource } from './token.ts';

export type TransportSettings = {
  /** Ends with a slash. */
  readonly baseUrl: string;
  readonly tokens: TokenSource;
  readonly fetch: typeof globalThis.fetch;
  /** For one attempt: upload, work and answer. */
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly platform: Pick<Platform, 'random' | 'sleep'>;
};

export type RequestPlan = {
  /** One of `ROUTES`. */
  readonly path: string;
  /** Sent as POST, and with a key that lets the server know repetitions; without one it is a GET. */
  readonly body?: FormData;
  readonly signal?: AbortSignal | undefined;
  readonly maxRetries?: number;
  /** Whether a connection that failed is tried again. @default true */
  readonly retryConnection?: boolean;
  /** Takes the place of `fetch` for this request. */
  readonly send?: typeof globalThis.fetch;
  /** Told when an upload begins and when it has been answered; `send` may tell more. */
  readonly onSent?: (sent: number, total: number) => void;
  readonly onWait?: RetryRule['onWait'];
};

export type Answer<T> = { readonly message: T; readonly requestId: string };

export type Transport = {
  /** @throws RestoreError with every code of `ErrorCode`; an abort throws the signal's reason */
  request<T>(plan: RequestPlan): Promise<Answer<T>>;
};

export function createTransport(settings: TransportSettings): Transport {
  const { tokens, platform, timeoutMs } = settings;
  return {
    request<T>(plan: RequestPlan): Promise<Answer<T>> {
      // One key for all attempts: a server that knows it does not do, or count, the work twice.
      const key = makeId();
      const { maxRetries = settings.maxRetries, retryConnection = true, onWait, signal } = plan;
      const attemptOnce = async (attempt: string): Promise<Answer<T>> => {
        const late = (): RestoreError =>
          new RestoreError('timeout', `The server did not answer within ${timeoutMs} ms; raise timeoutMs, or try again later.`, {
            retryable: true,
            requestId: attempt,
          });
        let token: string | undefined;
        try {
          return await withDeadline(signal, timeoutMs, late, async (running) => {
            token = await tokens.take(running);
            return exchange<T>(settings, plan, { key, requestId: attempt, token, signal: running });
          });
        } catch (error) {
          if (error instanceof RestoreError && error.code === 'unauthorized' && tokens.refuse(token)) throw new RefusedToken(error);
          throw error;
        }
      };
      return withRetries(
        async (attempt) => {
          const requestId = `${key}.${attempt}`;
          try {
            return await attemptOnce(requestId);
          } catch (error) {
            if (!(error instanceof RefusedToken)) throw error;
            return attemptOnce(`${requestId}.again`).catch((again: unknown) => {
              throw again instanceof RefusedToken ? again.cause : again;
            });
          }
        },
        signal,
        {
          maxRetries,
          mayRetry: ({ code }) => retryConnection || code !== 'connection-failed',
          random: platform.random,
          sleep: platform.sleep,
          ...(onWait === undefined ? {} : { onWait }),
        },
      );
    },
  };
}

/** A token was refused, and there may be a newer one. */
class RefusedToken extends Error {
  constructor(cause: RestoreError) {
    super(cause.message, { cause });
  }
}

async function exchange<T>(
  { baseUrl, fetch, headers }: TransportSettings,
  { path, body, send = fetch, onSent }: RequestPlan,
  { key, requestId, token, signal }: { readonly key: string; readonly requestId: string; readonly token: string | undefined; readonly signal: AbortSignal },
): Promise<Answer<T>> {
  const sent = {
    Accept: 'application/json',
    [HEADERS.requestId]: requestId,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { [IDEMPOTENCY_KEY]: key }),
    ...headers,
  };
  const init: RequestInit = { method: body === undefined ? 'GET' : 'POST', headers: sent, signal, ...(body === undefined ? {} : { body }) };
  const broken = (cause: unknown): RestoreError =>
    new RestoreError('connection-failed', `The connection to ${new URL(baseUrl).host} failed: ${reasonOf(cause)}; look at baseUrl and the network.`, {
      cause,
      requestId,
      retryable: true,
    });
  onSent?.(0, 1);
  const response = await send(baseUrl + path.slice(1), init).catch((cause: unknown) => {
    throw broken(cause);
  });
  onSent?.(1, 1);
  const text = await response.text().catch((cause: unknown) => {
    throw broken(cause);
  });
  const answered = response.headers.get(HEADERS.requestId) ?? requestId;
  const message = parseJson(text);
  if (!response.ok)
    throw answerError(response.status, message, { requestId: answered, retryAfterMs: parseRetryAfter(response.headers.get('Retry-After'), Date.now()) });
  if (typeof message !== 'object' || message === null)
    throw new RestoreError(
      'bad-response',
      `Expected JSON of the Fairweather API, got ${response.headers.get('Content-Type') ?? 'something else'}; look at baseUrl.`,
      {
        status: response.status,
        requestId: answered,
      },
    );
  return { message: message as T, requestId: answered }; // the API's own contract, by its path
}

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
