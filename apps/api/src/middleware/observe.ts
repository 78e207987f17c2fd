/** Around every request: its id, its log line, its metrics. */
import { HEADERS, ROUTES } from '@fairweather/core/contract';
import type { MiddlewareHandler } from 'hono';
import type { AppDeps, AppEnv } from '../app-env.ts';
import { logRequest } from '../observe/request-log.ts';

const KNOWN_ROUTES: ReadonlySet<string> = new Set(Object.values(ROUTES));
/** Asked for every few seconds by platforms: counted, not logged. */
const QUIET_ROUTES: ReadonlySet<string> = new Set([ROUTES.live, ROUTES.ready, ROUTES.ping, ROUTES.metrics]);

export function observeRequests({ log, metrics }: Pick<AppDeps, 'log' | 'metrics'>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const begin = performance.now();
    const sent = c.req.header(HEADERS.requestId);
    const requestId = sent !== undefined && /^[\w.-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
    c.set('requestId', requestId);
    c.set('facts', {});
    await next();
    c.header(HEADERS.requestId, requestId);
    const route = KNOWN_ROUTES.has(c.req.path) ? c.req.path : c.req.path.startsWith(`${ROUTES.docs}/`) ? ROUTES.docs : 'unknown';
    const durationMs = performance.now() - begin;
    const { status } = c.res;
    metrics.request(route, c.req.method, status, durationMs);
    if (QUIET_ROUTES.has(route) && status < 500) return;
    const client = c.get('client') as AppEnv['Variables']['client'] | undefined; // not yet known when the request failed before
    const line = {
      requestId,
      method: c.req.method,
      route,
      status,
      durationMs: Math.round(durationMs),
      ...(client === undefined ? {} : { client: client.name }),
    };
    logRequest(log, { ...line, ...c.get('facts') }, c.error);
  };
}
