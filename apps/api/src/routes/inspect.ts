/** `POST /v1/inspect`: a picture in, the weather in it out; nothing is restored. */
import { INSPECT_FIELDS, type InspectMessage, ROUTES } from '@fairweather/core/contract';
import { createRoute } from '@hono/zod-openapi';
import type { App, AppDeps } from '../app-env.ts';
import { requireScope } from '../middleware/authenticate.ts';
import { inspectFields, toWorkOptions } from '../upload/option-fields.ts';
import { describeReportHeaders, reportHeaders } from './report-headers.ts';
import { inspectMessage, problems } from './schemas.ts';
import { serveUpload } from './serve-upload.ts';
import { describeUpload, UPLOAD_PROBLEMS } from './upload-body.ts';

export function registerInspect(app: App, deps: AppDeps): void {
  const route = createRoute({
    method: 'post',
    path: ROUTES.inspect,
    operationId: 'inspect',
    summary: 'Say which weather is in a photograph',
    middleware: [requireScope('inspect')] as const,
    request: { query: inspectFields, body: describeUpload(INSPECT_FIELDS, deps) },
    responses: {
      200: { description: 'The weather report.', headers: describeReportHeaders(), content: { 'application/json': { schema: inspectMessage } } },
      ...problems(...UPLOAD_PROBLEMS),
    },
  });
  app.openapi(route, async (c) => {
    const { result, waitedMs } = await serveUpload(c, deps, 'inspect', inspectFields, toWorkOptions);
    const message: InspectMessage = { requestId: c.get('requestId'), report: result };
    return c.json(message, 200, { ...reportHeaders(result, waitedMs), 'Cache-Control': 'no-store' });
  });
}
