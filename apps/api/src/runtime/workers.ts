/** The edge gateway on Cloudflare Workers: its bindings -> the gateway. */
import { parseKeyFile } from '@fairweather/core/api-key';
import type { ExecutionContext } from 'hono';
import { createGateway, type GatewaySettings } from '../gateway/gateway.ts';
import { createResultCache } from '../gateway/result-cache.ts';

/** Variables and bindings, as `deploy/wrangler.jsonc` names them. */
type Bindings = {
  readonly ORIGINS: string;
  readonly FAIRWEATHER_KEYS?: string;
  readonly MAX_BODY_BYTES?: string;
  readonly ORIGIN_TIMEOUT_MS?: string;
  /** 0 or absent: nothing is kept. */
  readonly CACHE_SECONDS?: string;
  readonly RATE?: { limit(options: { readonly key: string }): Promise<{ readonly success: boolean }> };
};
type Gateway = ReturnType<typeof createGateway>;

const KEEP_BYTES = 1024 * 1024;
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
  const settings: GatewaySettings = {
    origins: env.ORIGINS.split(',').map((origin) => origin.trim()),
    keys: env.FAIRWEATHER_KEYS === undefined ? undefined : parseKeyFile(env.FAIRWEATHER_KEYS),
    maxBodyBytes: Number(env.MAX_BODY_BYTES ?? 33_554_432),
    keepBytes: KEEP_BYTES,
    originTimeoutMs: Number(env.ORIGIN_TIMEOUT_MS ?? 150_000),
  };
  const { RATE: rate } = env;
  const seconds = Number(env.CACHE_SECONDS ?? 0);
  // `default` is a cache of Workers alone; the web's type does not know it.
  const cache = seconds > 0 ? createResultCache((caches as unknown as { readonly default: Cache }).default, seconds) : undefined;
  return createGateway(settings, {
    ...(rate === undefined ? {} : { allow: async (client: string) => (await rate.limit({ key: client })).success }),
    ...(cache === undefined ? {} : { cache }),
  });
}
