/**
 * A request -> the answer of one server. Another one is asked when the first is full, broke off, or (with hedging) is slow, as far as the request
 * may be sent again.
 */
import { HEADERS, PROGRESS_TYPE, ROUTES } from '@fairweather/core/contract';
import { GatewayError } from './gateway-error.ts';
import { createOrigins, type Held } from './origins.ts';
import { BodyTooLarge, openBody, type ReplayableBody } from './replayable-body.ts';

export type ForwardSettings = {
  /** `https://gpu-1.example`, one or several. */
  readonly origins: readonly string[];
  readonly maxBodyBytes: number;
  /**
   * Bodies up to this size are kept until an origin has answered, so that another one can be asked; longer ones pass through once. Answers up to
   * this size are read before they are passed on, so that one that breaks off is asked for elsewhere.
   */
  readonly keepBytes: number;
  /** From the end of the upload to the origin's first byte; for short answers to the last. */
  readonly originTimeoutMs: number;
  /** A picture that has waited for so long is given to a second origin as well, and the first answer is taken. 0: never. @default 0 */
  readonly hedgeMs?: number;
};

/** @param address of the client, for the origin's own limits; nothing where it is not known */
export type Forward = (request: Request, requestId: string, address: string | undefined) => Promise<Response>;

type Errand = { readonly request: Request; readonly headers: Headers; readonly body: ReplayableBody; readonly tried: Set<string> };

/** After a connection that failed. */
const DOWN_SEC = 5;
const OWN_HEADERS: readonly string[] = ['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect', 'x-forwarded-for'];
/** Of the same bytes come the same pixels: asked twice at once, they do no harm. */
const HEDGED: readonly string[] = [ROUTES.restore, ROUTES.inspect];

/** @throws GatewayError, by what it returns */
export function createForward(settings: ForwardSettings, send: (request: Request) => Promise<Response>, now: () => number): Forward {
  const { maxBodyBytes, keepBytes, originTimeoutMs, hedgeMs = 0 } = settings;
  const origins = createOrigins(settings.origins, now);
  return async (request, requestId, address) => {
    const declared = request.headers.get('Content-Length');
    const body = await openBody(request.body, declared === null ? undefined : Number(declared), keepBytes, maxBodyBytes).catch((error: unknown) => {
      throw error instanceof BodyTooLarge ? tooLarge() : error;
    });
    const errand: Errand = { request, headers: headersFor(request, requestId, address, body.replayable), body, tried: new Set() };
    return isHedged(errand) ? hedge(errand) : askInTurn(errand, new AbortController().signal);
  };

  function isHedged({ request, body }: Errand): boolean {
    return hedgeMs > 0 && body.replayable && HEDGED.includes(new URL(request.url).pathname);
  }

  /** Two ways of asking, the second a little later and only where an origin that is well has not been asked: the first answer is taken. */
  async function hedge(errand: Errand): Promise<Response> {
    const [first, second, waiting] = [new AbortController(), new AbortController(), new AbortController()];
    const one = askInTurn(errand, first.signal);
    const two = pause(hedgeMs, waiting.signal).then(() => {
      if (!origins.hasWell(errand.tried)) throw noneLeft();
      return askInTurn(errand, second.signal);
    });
    one.catch(() => {}).finally(() => waiting.abort()); // it has an answer, or there is nobody else to ask
    one.then(
      () => second.abort(),
      () => {},
    ); // told by `Promise.any`
    two.then(
      () => first.abort(),
      () => {},
    ); // as above
    return Promise.any([one, two]).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors[0] : error;
    });
  }

  /** One origin after the other, while the request can be sent again. */
  async function askInTurn(errand: Errand, lost: AbortSignal): Promise<Response> {
    const { request, body, tried } = errand;
    let last: unknown;
    for (let held = origins.choose(tried); held !== undefined; held = origins.choose(tried)) {
      tried.add(held.url);
      let goesOn = false;
      try {
        const response = await ask(held, errand, lost);
        if (response.status === 502) throw brokenOff(request); // of a proxy in front of it
        if (response.status !== 503) {
          goesOn = response.headers.get('Content-Type') === PROGRESS_TYPE;
          return goesOn ? untilItEnds(response, held.release) : response;
        }
        // Full, loading or ending: another one may be free.
        held.failed(Number(response.headers.get('Retry-After') ?? 1));
        await response.body?.cancel();
        last = new GatewayError('overloaded', 'Every server is full; come again as Retry-After says.', origins.retryAfterSec());
      } catch (error) {
        if (body.overrun) throw tooLarge();
        request.signal.throwIfAborted();
        lost.throwIfAborted();
        held.failed(DOWN_SEC);
        last = error instanceof GatewayError ? error : brokenOff(request);
        if (!isIdempotent(request)) break;
      } finally {
        if (!goesOn) held.release();
      }
      if (!body.replayable) break;
    }
    throw last ?? noneLeft();
  }

  async function ask({ url }: Held, { request, headers, body }: Errand, lost: AbortSignal): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const [stop, late] = [new AbortController(), new AbortController()];
    const timer = setTimeout(() => late.abort(), originTimeoutMs);
    // `AbortSignal.any` is not everywhere.
    for (const { signal } of [request, late, { signal: lost }]) {
      if (signal.aborted) stop.abort(signal.reason);
      signal.addEventListener('abort', () => stop.abort(signal.reason), { signal: stop.signal });
    }
    // `duplex`: the body goes out while it comes in; not yet in the types.
    const init = { method: request.method, headers, body: body.next(), signal: stop.signal, redirect: 'manual', duplex: 'half' } as RequestInit;
    try {
      return await readShort(await send(new Request(url + pathname + search, init)), keepBytes);
    } catch (error) {
      if (late.signal.aborted && !request.signal.aborted && !lost.aborted)
        throw new GatewayError('deadline-exceeded', `A server must answer within ${originTimeoutMs} ms, it did not; come again later.`, 5);
      throw error;
    } finally {
      clearTimeout(timer); // the body of a long answer may take its time
    }
  }

  function noneLeft(): GatewayError {
    return new GatewayError('overloaded', 'There is no server at the moment; come again later.', origins.retryAfterSec());
  }

  function tooLarge(): GatewayError {
    return new GatewayError('too-large', `The body may have ${maxBodyBytes} bytes, it has more; send a smaller file.`);
  }
}

function headersFor(request: Request, requestId: string, address: string | undefined, replayable: boolean): Headers {
  const headers = new Headers(request.headers);
  if (replayable) headers.delete('Content-Length'); // the platform counts what it has whole
  for (const name of OWN_HEADERS) headers.delete(name);
  headers.set(HEADERS.requestId, requestId);
  headers.set('Accept-Encoding', 'identity'); // what comes in is what goes out
  if (address !== undefined) headers.set('X-Forwarded-For', address);
  return headers;
}

/** Whether it does no harm when an origin has done it and its answer was lost; an upload that was offered and not taken is none. */
function isIdempotent({ method, headers, url }: Request): boolean {
  return method !== 'POST' || [...HEDGED, ROUTES.uploads].includes(new URL(url).pathname) || headers.has(HEADERS.idempotencyKey);
}

function brokenOff(request: Request): GatewayError {
  const how = isIdempotent(request) ? 'send it again' : `it may have been accepted all the same; with ${HEADERS.idempotencyKey} it can be sent again safely`;
  return new GatewayError('origin-failed', `The server that had this request broke off; ${how}.`, 1);
}

/** A short answer, whole; a long one as it is. */
async function readShort(response: Response, keepBytes: number): Promise<Response> {
  const length = response.headers.get('Content-Length');
  if (response.body === null || length === null || Number(length) > keepBytes) return response;
  return new Response(await response.arrayBuffer(), response);
}

/** The server works while its answer goes on: it is in its hand until then. */
function untilItEnds(response: Response, release: () => void): Response {
  const reader = response.body?.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (!done && value !== undefined) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      release();
    },
    cancel(reason) {
      release();
      return reader?.cancel(reason);
    },
  });
  return new Response(body, response);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error); // an AbortError
    });
  });
}
