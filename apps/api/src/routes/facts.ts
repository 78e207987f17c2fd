/** `GET /v1/models` and `GET /v1/limits`: what there is, and what may be sent. */
import { OUTPUT_FORMATS } from '@fairweather/core';
import { type LimitsMessage, type ModelSummary, ROUTES } from '@fairweather/core/contract';
import { createRoute } from '@hono/zod-openapi';
import type { App, AppDeps } from '../app-env.ts';
import { inputFormats, limitsMessage, modelsMessage, problems } from './schemas.ts';

export function registerFacts(app: App, { engine, settings }: AppDeps): void {
  const { models, defaultModel } = engine.manifest;
  const summaries = Object.entries(models).map(
    ([name, { version, title, licence, weathers, graphs }]): ModelSummary => ({
      name,
      version,
      title,
      licence,
      weathers,
      precisions: Object.values(graphs).every(({ fp16 }) => fp16 !== undefined) ? ['fp32', 'fp16'] : ['fp32'],
      default: name === defaultModel,
    }),
  );
  const modelsRoute = createRoute({
    method: 'get',
    path: ROUTES.models,
    operationId: 'listModels',
    summary: 'The models there are',
    responses: { 200: { description: 'All models.', content: { 'application/json': { schema: modelsMessage } } }, ...problems(401, 429) },
  });
  app.openapi(modelsRoute, (c) => c.json({ models: summaries }, 200));

  const limitsRoute = createRoute({
    method: 'get',
    path: ROUTES.limits,
    operationId: 'showLimits',
    summary: 'What may be sent',
    responses: { 200: { description: 'The limits for this client.', content: { 'application/json': { schema: limitsMessage } } }, ...problems(401, 429) },
  });
  app.openapi(limitsRoute, (c) => {
    const { maxBodyBytes, maxPixels, maxSidePx, deadlineMs, queuePerClient } = settings;
    const limits: LimitsMessage = {
      maxBodyBytes,
      maxPixels,
      maxSidePx,
      deadlineMs,
      ratePerMinute: c.get('client').ratePerMinute,
      maxConcurrentPerClient: queuePerClient,
      inputFormats,
      outputFormats: OUTPUT_FORMATS,
    };
    return c.json(limits, 200);
  });
}
