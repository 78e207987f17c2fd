/**
 * The edge gateway: the API's routes in front of several servers. It looks at keys, rates and sizes, then hands pictures through as they come, to a
 * server that is well; what it cannot get anywhere is one clear problem. Plain Hono and web standards: Workers, Node, Deno, Vercel's edge.
 */
import { findKey, type KeyRecord } from '@fairweather/core/api-key';
import { ERROR_TABLE, HEADERS, type Problem, PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import { type Context, Hono } from 'hono';
import { createForward, type ForwardSettings } from './forward.ts';
import { GatewayError } from './gateway-error.ts';
import type { ResultCache } from './result-cache.ts';

export type GatewaySettings = ForwardSettings & {
  /** Keys that are let through, and go on to the origins; without a list all requests do. */
  readonly keys?: readonly KeyRecord[] | undefined;
};

export type GatewayDeps = {
  /** @default the platform's */
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly now?: () => number;
  /** The address a request comes from, as the platform knows it; never as the client says. @default unknown */
  readonly clientAddress?: (c: Context) => string | undefined;
  /** Whether a client may send another request. @default it may */
  readonly allow?: (client: string) => Promise<boolean>;
  /** Results by content; none when left out. */
  readonly cache?: ResultCache;
};

export function createGateway(
  settings: GatewaySettings,
  { fetch: send = (request) => fetch(request), now = Date.now, clientAddress = () => undefined, allow = async () => true, cache }: GatewayDeps = {},
): Hono {
  const forward = createForward(settings, send, now);
  const app = new Hono();
  app.get(ROUTES.live, (c) => c.text('ok'));
  app.all('*', (c) => serve(c.req.raw, clientAddress(c), (work) => laterOf(c)(work)));
  return app;

  async function serve(request: Request, address: string | undefined, later: (work: Promise<unknown>) => void): Promise<Response> {
    const requestId = requestIdOf(request);
    const { pathname } = new URL(request.url);
    try {
      if (pathname.startsWith('/v1/')) {
        const client = await authenticate(request, address);
        if (!(await allow(client))) throw new GatewayError('rate-limited', 'You send more requests than you may; come again a little later.', 10);
        const found = await cache?.find(request, client, later);
        if (found !== undefined) {
          if (request.body !== null) await drain(request.body);
          return withId(found, requestId);
        }
        const response = await forward(request, requestId, address);
        return withId(cache === undefined ? response : cache.keep(request, client, response, later), requestId);
      }
      return withId(await forward(request, requestId, address), requestId);
    } catch (error) {
      if (request.body !== null && !request.bodyUsed) await drain(request.body);
      return toProblem(error, requestId);
    }
  }

  async function authenticate(request: Request, address: string | undefined): Promise<string> {
    if (settings.keys === undefined) return address ?? 'all';
    const [, key] = /^Bearer +(\S+) *$/i.exec(request.headers.get('Authorization') ?? '') ?? [];
    const record = key === undefined ? undefined : await findKey(settings.keys, key, new Date(now()));
    if (record === undefined) throw new GatewayError('unauthorized', 'Expected the header "Authorization: Bearer <API key>" with a key that is known.');
    return record.id;
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
