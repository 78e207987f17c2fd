/** `POST /v1/uploads`: a size in; an address in the storage out, where the client may put a picture of that size for a job, past this server. */
import { ROUTES, type UploadMessage } from '@fairweather/core/contract';
import { createRoute } from '@hono/zod-openapi';
import { ApiError } from '../api-error.ts';
import type { App, AppDeps } from '../app-env.ts';
import { requireScope } from '../middleware/authenticate.ts';
import { uploadFields } from '../upload/option-fields.ts';
import { problems, uploadMessage } from './schemas.ts';

export function registerUploads(app: App, { jobs: { offerUpload } }: AppDeps): void {
  const route = createRoute({
    method: 'post',
    path: ROUTES.uploads,
    operationId: 'offerUpload',
    summary: 'Ask where a large photograph may be put',
    description: `For pictures that should not pass through this server, or are too large to: put it to the address, with the method and the headers of the answer, then hand in its job with \`{"uploads":["<id>"]}\` as JSON to \`${ROUTES.jobs}\`. Only where the server has S3 storage; else it is answered with 404.`,
    middleware: [requireScope('restore')] as const,
    request: { query: uploadFields },
    responses: {
      201: { description: 'The address, good for a few minutes.', content: { 'application/json': { schema: uploadMessage } } },
      ...problems(400, 401, 403, 404, 413, 429, 503),
    },
  });
  app.openapi(route, async (c) => {
    if (offerUpload === undefined)
      throw new ApiError('not-found', `This server has no storage that clients may put pictures into; send them to ${ROUTES.jobs} themselves.`);
    const { id, url, headers, expiresAt } = await offerUpload(c.get('client').id, c.req.valid('query').bytes);
    const message: UploadMessage = { requestId: c.get('requestId'), id, url, method: 'PUT', headers, expiresAt: new Date(expiresAt).toISOString() };
    return c.json(message, 201, { 'Cache-Control': 'no-store' });
  });
}
