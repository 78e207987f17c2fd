/** Where results lie on Cloudflare: the Cache API, near and for one data centre; R2, for all of them. */
import type { ResultStore } from './result-cache.ts';

/** The part of the Cache API that is used. */
export type PlatformCache = { match(key: Request): Promise<Response | undefined>; put(key: Request, response: Response): Promise<void> };

/** The part of an R2 binding that is used. */
export type R2Bucket = {
  get(name: string): Promise<{ readonly body: ReadableStream<Uint8Array>; readonly size: number; readonly customMetadata?: Record<string, string> } | null>;
  put(name: string, body: ReadableStream<Uint8Array>, options: { readonly customMetadata: Record<string, string> }): Promise<unknown>;
  delete(name: string): Promise<void>;
};

/** Forgotten by the cache itself, at the latest after this time. */
export function createCacheStore(cache: PlatformCache, maxAgeSec: number): ResultStore {
  const keyOf = (name: string): Request => new Request(`https://results.fairweather.invalid/${name}`);
  return {
    get: (name) => cache.match(keyOf(name)),
    async put(name, response) {
      const copy = new Response(response.body, response);
      copy.headers.set('Cache-Control', `max-age=${maxAgeSec}`);
      await cache.put(keyOf(name), copy);
    },
  };
}

/**
 * R2 forgets nothing by itself: one that is too old is not given, and deleted when it is asked for; the rest goes by the bucket's lifecycle rule.
 * @param fixLength R2 asks for streams whose length is known: `FixedLengthStream` of Workers
 */
export function createR2Store(
  bucket: R2Bucket,
  maxAgeSec: number,
  fixLength: (body: ReadableStream<Uint8Array>, bytes: number) => ReadableStream<Uint8Array>,
  now: () => number = Date.now,
): ResultStore {
  return {
    async get(name) {
      const object = await bucket.get(name);
      if (object === null) return undefined;
      const { expiresAt = '0', headers = '{}' } = object.customMetadata ?? {};
      if (Number(expiresAt) > now()) return new Response(object.body, { headers: JSON.parse(headers) as Record<string, string> }); // written below
      await object.body.cancel();
      await bucket.delete(name);
      return undefined;
    },
    async put(name, response) {
      const bytes = response.headers.get('Content-Length');
      if (response.body === null || bytes === null) throw new Error('R2 keeps answers of a known length alone.');
      const customMetadata = { expiresAt: String(now() + 1000 * maxAgeSec), headers: JSON.stringify(Object.fromEntries(response.headers)) };
      await bucket.put(name, fixLength(response.body, Number(bytes)), { customMetadata });
    },
  };
}
