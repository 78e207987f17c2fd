/**
 * The edge gateway: the API's routes in front of several servers. It looks at keys, rates and sizes, then hands pictures through as they come, to a
 * server that is well; what it cannot get anywhere is one clear problem. Plain Hono and web standards: Workers, Node, Deno.
 */
import { findKey, type KeyRecord } from '@fairweather/core/api-key';
import { type ApiErrorCode, ERROR_TABLE, HEADERS, type Problem, PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import { type Context, Hono } from 'hono';
import type { ResultCache } from './result-cache.ts';
import { createOrigins, type Held } from './origins.ts';
import { BodyTooLarge, openBody, type ReplayableBody } from './replayable-body.ts';

export type GatewaySettings = {
  /** `https://gpu-1.example`, one or several. */
  readonly origins: readonly string[];
  /** Keys that are let through, and go on to the origins; without a list all requests do. */
  readonly keys?: readonly KeyRecord[] | undefined;
  readonly maxBodyBytes: number;
  /** Bodies up to this size are kept until an origin has answered, so that another one can be asked; longer ones pass through once. */
  readonly keepBytes: number;
  /** From the end of the upload to the origin's first byte. */
  readonly originTimeoutMs: number;
};

export type GatewayDeps = {
  /** @default the platform's */
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly now?: () => number;
  /** Whether a client may send another request. @default it may */
  readonly allow?: (client: string) => Promise<boolean>;
  /** Results by content; none when left out. */
  readonly cache?: ResultCache;
};

/** After a connection that failed. */
const DOWN_SEC = 5;
const OWN_HEADERS: readonly string[] = ['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect'];

export function createGateway(
  settings: GatewaySettings,
  { fetch: send = (request) => fetch(request), now = Date.now, allow = async () => true, cache }: GatewayDeps = {},
): Hono {
  const origins = createOrigins(settings.origins, now);
  const app = new Hono();
  app.get(ROUTES.live, (c) => c.text('ok'));
  app.all('*', (c) => serve(c.req.raw, (work) => laterOf(c)(work)));
  return app;

  async function serve(request: Request, later: (work: Promise<unknown>) => void): Promise<Response> {
    const requestId = requestIdOf(request);
    const { pathname } = new URL(request.url);
    try {
      if (pathname.startsWith('/v1/')) {
        const client = await authenticate(request);
        if (!(await allow(client))) throw new GatewayError('rate-limited', 'You send more requests than you may; come again a little later.', 10);
        const found = await cache?.find(request, client);
        if (found !== undefined) return withId(found, requestId);
        const response = await forward(request, requestId);
        return withId(cache === undefined ? response : cache.keep(request, client, response, later), requestId);
      }
      return withId(await forward(request, requestId), requestId);
    } catch (error) {
      if (request.body !== null && !request.bodyUsed) await drain(request.body);
      return toProblem(error, requestId);
    }
  }

  async function authenticate(request: Request): Promise<string> {
    if (settings.keys === undefined) return request.headers.get('CF-Connecting-IP') ?? 'all';
    const [, key] = /^Bearer +(\S+) *$/i.exec(request.headers.get('Authorization') ?? '') ?? [];
    const record = key === undefined ? undefined : await findKey(settings.keys, key, new Date(now()));
    if (record === undefined) throw new GatewayError('unauthorized', 'Expected the header "Authorization: Bearer <API key>" with a key that is known.');
    return record.id;
  }

  /** One origin after the other, while the request can be sent again. */
  async function forward(request: Request, requestId: string): Promise<Response> {
    const { maxBodyBytes, keepBytes } = settings;
    const declared = request.headers.get('Content-Length');
    const body = await openBody(request.body, declared === null ? undefined : Number(declared), keepBytes, maxBodyBytes).catch((error: unknown) => {
      throw error instanceof BodyTooLarge ? tooLarge(maxBodyBytes) : error;
    });
    const tried = new Set<string>();
    let last: unknown;
    for (let held = origins.choose(tried); held !== undefined; held = origins.choose(tried)) {
      tried.add(held.url);
      try {
        const response = await ask(held, request, requestId, body);
        if (response.status !== 503) return response;
        // Full, loading or ending: another one may be free.
        held.failed(Number(response.headers.get('Retry-After') ?? 1));
        await response.body?.cancel();
        last = new GatewayError('overloaded', 'Every server is full; come again as Retry-After says.', origins.retryAfterSec());
      } catch (error) {
        if (body.overrun) throw tooLarge(maxBodyBytes);
        request.signal.throwIfAborted();
        held.failed(DOWN_SEC);
        last = error instanceof GatewayError ? error : new GatewayError('origin-failed', 'The server that had this request broke off; send it again.', 1);
      } finally {
        held.release();
      }
      if (!body.replayable) break;
    }
    throw last ?? new GatewayError('overloaded', 'There is no server at the moment; come again later.', origins.retryAfterSec());
  }

  async function ask({ url }: Held, request: Request, requestId: string, body: ReplayableBody): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    for (const name of OWN_HEADERS) headers.delete(name);
    headers.set(HEADERS.requestId, requestId);
    const address = request.headers.get('CF-Connecting-IP');
    if (address !== null) headers.set('X-Forwarded-For', address);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), settings.originTimeoutMs);
    const signal = AbortSignal.any([request.signal, late.signal]);
    // `duplex`: the body goes out while it comes in; not yet in the types.
    const init = { method: request.method, headers, body: body.next(), signal, redirect: 'manual', duplex: 'half' } as RequestInit;
    try {
      return await send(new Request(url + pathname + search, init));
    } catch (error) {
      if (late.signal.aborted && !request.signal.aborted)
        throw new GatewayError('deadline-exceeded', `A server must answer within ${settings.originTimeoutMs} ms, it did not; come again later.`, 5);
      throw error;
    } finally {
      clearTimeout(timer); // the answer's body may take its time
    }
  }
}

/** Workers end with their answer what nobody told them to wait for; other platforms go on. */
function laterOf(c: Context): (work: Promise<unknown>) => void {
  try {
    const { executionCtx } = c; // throws where there is none
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return (work) => void work.catch(() => {}); // what is not kept is made again
  }
}

/** A client that is still sending reads no answer: what it sends is thrown away as it comes. */
async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  await body.pipeTo(new WritableStream()).catch(() => {}); // it has gone
}

class GatewayError extends Error {
  override readonly name: string = 'GatewayError';
  readonly code: ApiErrorCode;
  readonly retryAfterSec: number | undefined;

  constructor(code: ApiErrorCode, message: string, retryAfterSec?: number) {
    super(message);
    this.code = code;
    this.retryAfterSec = retryAfterSec;
  }
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('too-large', `The body may have ${maxBytes} bytes, it has more; send a smaller file.`);
}

function requestIdOf(request: Request): string {
  const sent = request.headers.get(HEADERS.requestId);
  return sent !== null && /^[\w.-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
}

/** The body passes on as it comes. */
function withId(response: Response, requestId: string): Response {
  const copy = new Response(response.body, response);
  copy.headers.set(HEADERS.requestId, requestId);
  return copy;
}

function toProblem(thrown: unknown, requestId: string): Response {
  const known = thrown instanceof GatewayError;
  const code = known ? thrown.code : 'internal';
  const { status, title, retryable } = ERROR_TABLE[code];
  const detail = known ? thrown.message : `Something failed in the gateway; name the request id ${requestId} when you ask for help.`;
  const problem: Problem = { type: 'about:blank', title, status, detail, code, requestId, retryable };
  const headers = new Headers({ 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', [HEADERS.requestId]: requestId });
  if (known && thrown.retryAfterSec !== undefined) headers.set('Retry-After', String(thrown.retryAfterSec));
  if (status === 401) headers.set('WWW-Authenticate', 'Bearer realm="fairweather"');
  return new Response(JSON.stringify(problem), { status, headers });
}
