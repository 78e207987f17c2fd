/** The edge gateway on Cloudflare Workers: its bindings -> the gateway. */
import type { Context, ExecutionContext } from 'hono';
import { createCacheStore, createR2Store, type PlatformCache, type R2Bucket } from '../gateway/cloudflare-stores.ts';
import { createGateway } from '../gateway/gateway.ts';
import { readGatewaySettings } from '../gateway/read-settings.ts';
import { createResultCache, type ResultStore } from '../gateway/result-cache.ts';

/** Variables (see `read-settings.ts`) and bindings, as `deploy/wrangler.jsonc` names them. */
type Bindings = Readonly<Record<string, unknown>> & {
  readonly RATE?: { limit(options: { readonly key: string }): Promise<{ readonly success: boolean }> };
  /** Results for all data centres, beside the cache of this one; used when `CACHE_SECONDS` is set. */
  readonly RESULTS?: R2Bucket;
};
type Gateway = ReturnType<typeof createGateway>;

/** Of Workers alone; the web's types do not know them. */
declare const FixedLengthStream: new (bytes: number) => TransformStream<Uint8Array, Uint8Array>;
type WorkersCaches = { readonly default: PlatformCache };

/** An isolate has one set of bindings, and what it has seen of the origins is worth keeping. */
const gateways = new WeakMap<Bindings, Gateway>();

// biome-ignore lint/style/noDefaultExport: Workers look for their handlers there.
export default {
  fetch(request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> {
    let gateway = gateways.get(env);
    if (gateway === undefined) {
      gateway = openGateway(env);
      gateways.set(env, gateway);
    }
    return gateway.fetch(request, env, context);
  },
};

function openGateway(env: Bindings): Gateway {
  const { gateway: settings, cacheSeconds } = readGatewaySettings(env);
  const { RATE: rate } = env;
  return createGateway(settings, {
    clientAddress: (c: Context) => c.req.header('CF-Connecting-IP'),
    ...(rate === undefined ? {} : { allow: async (client: string) => (await rate.limit({ key: client })).success }),
    ...(cacheSeconds === 0 ? {} : { cache: createResultCache(openStores(env, cacheSeconds)) }),
  });
}

function openStores({ RESULTS: bucket }: Bindings, seconds: number): readonly ResultStore[] {
  const near = createCacheStore((caches as unknown as WorkersCaches).default, seconds);
  if (bucket === undefined) return [near];
  return [near, createR2Store(bucket, seconds, (body, bytes) => body.pipeThrough(new FixedLengthStream(bytes)))];
}
