/** Around every request: its id, its log line, its metrics, its span. */
import { HEADERS, ROUTES } from '@fairweather/core/contract';
import type { MiddlewareHandler } from 'hono';
import type { AnswerEnd, AppDeps, AppEnv } from '../app-env.ts';
import { logRequest } from '../observe/request-log.ts';
import { endRequestSpan, startRequestSpan } from '../observe/tracing.ts';

const KNOWN_ROUTES: ReadonlySet<string> = new Set(Object.values(ROUTES));
/** Asked for every few seconds by platforms: counted, not logged. */
const QUIET_ROUTES: ReadonlySet<string> = new Set([ROUTES.live, ROUTES.ready, ROUTES.ping, ROUTES.metrics]);

export function observeRequests({ log, metrics, tracer }: Pick<AppDeps, 'log' | 'metrics' | 'tracer'>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const begin = performance.now();
    const sent = c.req.header(HEADERS.requestId);
    const requestId = sent !== undefined && /^[\w.-]{1,64}$/.test(sent) ? sent : crypto.randomUUID();
    c.set('requestId', requestId);
    c.set('facts', {});
    const route = routeOf(c.req.path);
    const span = startRequestSpan(tracer, c.req.method, route, c.req.raw.headers);
    c.set('span', span);
    await next();
    c.header(HEADERS.requestId, requestId);
    const goesOn = c.get('goesOn') as Promise<AnswerEnd> | undefined; // of few answers
    if (goesOn === undefined) finish({ status: c.res.status, thrown: c.error });
    else goesOn.then(finish);

    function finish({ status, thrown }: AnswerEnd): void {
      const durationMs = performance.now() - begin;
      const { code } = c.get('facts');
      endRequestSpan(span, status, requestId, code === undefined ? undefined : String(code));
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
      logRequest(log, { ...line, ...c.get('facts') }, thrown);
    }
  };
}

/** The route's own path; never one that came in. */
function routeOf(path: string): string {
  if (KNOWN_ROUTES.has(path)) return path;
  const [, what] = /^\/v1\/jobs\/[^/]+(\/events|\/result)?$/.exec(path) ?? [];
  if (path.startsWith(`${ROUTES.jobs}/`)) return what === '/events' ? ROUTES.jobEvents : what === '/result' ? ROUTES.jobResult : ROUTES.job;
  return path.startsWith(`${ROUTES.docs}/`) ? ROUTES.docs : 'unknown';
}
