/** Restored pictures by the content they were made of, in a cache of the platform; each client's apart. Off unless it is set up. */
import { ROUTES } from '@fairweather/core/contract';

export type ResultCache = {
  find(request: Request, client: string): Promise<Response | undefined>;
  /** Hands the answer on while it is kept. @param later keeps the isolate alive until it is done */
  keep(request: Request, client: string, response: Response, later: (work: Promise<unknown>) => void): Response;
};

/** The part of the Cache API that is used. */
type PlatformCache = { match(key: Request): Promise<Response | undefined>; put(key: Request, response: Response): Promise<void> };

/**
 * A picture is known by the `Content-Digest` (RFC 9530) that its client sends along: the gateway keeps no picture to hash it. A client that lies
 * about it deceives nobody but itself, for its results are its own.
 */
export function createResultCache(cache: PlatformCache, maxAgeSec: number): ResultCache {
  return {
    async find(request, client) {
      const key = await keyOf(request, client);
      return key === undefined ? undefined : cache.match(key);
    },
    keep(request, client, response, later) {
      if (response.status !== 200 || response.body === null || !isCacheable(request)) return response;
      const [now, kept] = response.body.tee();
      const headers = new Headers(response.headers);
      headers.set('Cache-Control', `max-age=${maxAgeSec}`);
      later(keyOf(request, client).then((key) => (key === undefined ? kept.cancel() : cache.put(key, new Response(kept, { headers })))));
      return new Response(now, response);
    },
  };
}

function isCacheable(request: Request): boolean {
  return request.method === 'POST' && new URL(request.url).pathname === ROUTES.restore && digestOf(request) !== undefined;
}

function digestOf(request: Request): string | undefined {
  return /sha-256=:([A-Za-z0-9+/]{43}=):/.exec(request.headers.get('Content-Digest') ?? '')?.[1];
}

/** The same bytes, options and form of answer, for the same client. */
async function keyOf(request: Request, client: string): Promise<Request | undefined> {
  if (!isCacheable(request)) return undefined;
  const facts = [client, digestOf(request), new URL(request.url).search, request.headers.get('Accept'), request.headers.get('Content-Type')];
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(facts)));
  const name = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return new Request(`https://results.fairweather.invalid/${name}`);
}
