/** Restored pictures by the content they were made of, in stores of the platform; each client's apart. Off unless it is set up. */
import { PROGRESS_TYPE, ROUTES } from '@fairweather/core/contract';
import { splitStream } from './split-stream.ts';

export type ResultCache = {
  /** @param later keeps the isolate alive until nearer stores have it too */
  find(request: Request, client: string, later: Later): Promise<Response | undefined>;
  /** Hands the answer on while it is kept. */
  keep(request: Request, client: string, response: Response, later: Later): Response;
};

/** Answers by name, 64 hexadecimal digits, for a time. */
export type ResultStore = {
  get(name: string): Promise<Response | undefined>;
  put(name: string, response: Response): Promise<void>;
};

type Later = (work: Promise<unknown>) => void;

/**
 * A picture is known by the `Content-Digest` (RFC 9530) that its client sends along: the gateway keeps no picture to hash it. A client that lies
 * about it deceives nobody but itself, for its results are its own.
 * @param stores the nearest first: what a farther one has comes into the nearer ones
 */
export function createResultCache(stores: readonly ResultStore[]): ResultCache {
  return {
    async find(request, client, later) {
      const name = await nameOf(request, client);
      if (name === undefined) return undefined;
      for (const [i, store] of stores.entries()) {
        const found = await store.get(name);
        if (found !== undefined) return forClient(keepIn(stores.slice(0, i), name, found, later));
      }
      return undefined;
    },
    keep(request, client, response, later) {
      if (response.status !== 200 || response.body === null || !isCacheable(request)) return response;
      if (response.headers.get('Content-Type') === PROGRESS_TYPE) return response; // it is no picture, and may end in a problem
      return keepIn(stores, nameOf(request, client), response, later);
    },
  };
}

/** What lies in a store has a time to live; what a client gets is its own alone, as without a cache. */
function forClient(response: Response): Response {
  const copy = new Response(response.body, response);
  copy.headers.set('Cache-Control', 'no-store');
  copy.headers.set('Cache-Status', 'fairweather; hit'); // RFC 9211
  return copy;
}

/** @returns the same answer, while it goes into the stores */
function keepIn(stores: readonly ResultStore[], name: string | undefined | Promise<string | undefined>, response: Response, later: Later): Response {
  if (response.body === null || stores.length === 0) return response;
  const [now, ...copies] = splitStream(response.body, 1 + stores.length);
  later(
    Promise.all(
      stores.map(async (store, i) => {
        const [known, copy] = [await name, copies[i]];
        if (known !== undefined && copy !== undefined) await store.put(known, new Response(copy, response)).catch(() => copy.cancel().catch(() => {})); // what is not kept is made again
      }),
    ),
  );
  return new Response(now, response);
}

function isCacheable(request: Request): boolean {
  return request.method === 'POST' && new URL(request.url).pathname === ROUTES.restore && digestOf(request) !== undefined;
}

function digestOf(request: Request): string | undefined {
  return /sha-256=:([A-Za-z0-9+/]{43}=):/.exec(request.headers.get('Content-Digest') ?? '')?.[1];
}

/** The same bytes, options and form of answer, for the same client. */
async function nameOf(request: Request, client: string): Promise<string | undefined> {
  if (!isCacheable(request)) return undefined;
  const facts = [client, digestOf(request), new URL(request.url).search, request.headers.get('Accept'), request.headers.get('Content-Type')];
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(facts)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
