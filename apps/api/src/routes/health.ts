/** `/livez`, `/readyz`, `/ping` and `/metrics`: what platforms ask. */
import { ROUTES } from '@fairweather/core/contract';
import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../api-error.ts';
import type { App, AppDeps } from '../app-env.ts';
import { authenticate, requireScope } from '../middleware/authenticate.ts';
import { problems, readyMessage } from './schemas.ts';

export function registerHealth(app: App, deps: AppDeps): void {
  const { engine, metrics } = deps;
  const text = { 'text/plain': { schema: z.string() } };

  const live = createRoute({
    method: 'get',
    path: ROUTES.live,
    operationId: 'livez',
    summary: 'Whether the process answers',
    security: [],
    responses: { 200: { description: 'It does.', content: text } },
  });
  app.openapi(live, (c) => c.text('ok', 200));

  const ready = createRoute({
    method: 'get',
    path: ROUTES.ready,
    operationId: 'readyz',
    summary: 'Whether work is taken',
    security: [],
    responses: { 200: { description: 'It is.', content: { 'application/json': { schema: readyMessage } } }, ...problems(503) },
  });
  app.openapi(ready, (c) => {
    const { state, backend, workers } = engine.status();
    if (state === 'loading') throw new ApiError('not-ready', 'The models are still loading.', { retryAfterSec: 3 });
    if (state !== 'ready') throw new ApiError('shutting-down', 'This server is ending.', { retryAfterSec: 2 });
    if (workers === 0) throw new ApiError('not-ready', 'The inference process is starting again.', { retryAfterSec: 2 });
    return c.json({ status: 'ready' as const, backend, workers }, 200);
  });

  const ping = createRoute({
    method: 'get',
    path: ROUTES.ping,
    operationId: 'ping',
    summary: 'The same for platforms that ask by status: 200 ready, 204 loading',
    security: [],
    responses: { 200: { description: 'Ready.', content: text }, 204: { description: 'Loading.' }, ...problems(503) },
  });
  app.openapi(ping, (c) => {
    const { state } = engine.status();
    if (state === 'ready') return c.text('ok', 200);
    if (state === 'loading') return c.body(null, 204);
    throw new ApiError('shutting-down', 'This server is ending.', { retryAfterSec: 2 });
  });

  const scrape = createRoute({
    method: 'get',
    path: ROUTES.metrics,
    operationId: 'metrics',
    summary: 'Metrics for Prometheus; needs the scope `metrics` where keys are asked for',
    middleware: [authenticate(deps), requireScope('metrics')] as const,
    responses: { 200: { description: 'Metrics.', content: text }, ...problems(401, 403) },
  });
  app.openapi(scrape, async (c) => c.text(await metrics.render(), 200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }));
}
