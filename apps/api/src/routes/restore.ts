/** `POST /v1/restore`: a degraded picture in; the restored one out, or, on request, the report with the picture in it. */
import type { RestoreResult } from '@fairweather/core';
import { HEADERS, RESTORE_FIELDS, type RestoreMessage, ROUTES } from '@fairweather/core/contract';
import { createRoute } from '@hono/zod-openapi';
import type { App, AppDeps } from '../app-env.ts';
import { requireScope } from '../middleware/authenticate.ts';
import { restoreFields, toWorkOptions } from '../upload/option-fields.ts';
import { describeReportHeaders, reportHeaders } from './report-headers.ts';
import { problems, restoreMessage } from './schemas.ts';
import { serveUpload } from './serve-upload.ts';
import { describeUpload, UPLOAD_PROBLEMS } from './upload-body.ts';

export function registerRestore(app: App, deps: AppDeps): void {
  const picture = { schema: { type: 'string' as const, format: 'binary' } };
  const route = createRoute({
    method: 'post',
    path: ROUTES.restore,
    operationId: 'restore',
    summary: 'Restore a photograph',
    description: 'Takes rain, raindrops, snow and haze out. Answers the picture, or with `Accept: application/json` the report and the picture as a data URL.',
    middleware: [requireScope('restore')] as const,
    request: { query: restoreFields, body: describeUpload(RESTORE_FIELDS, deps) },
    responses: {
      200: {
        description: 'The restored picture.',
        headers: describeReportHeaders(),
        content: { 'image/jpeg': picture, 'image/png': picture, 'image/webp': picture, 'image/avif': picture, 'application/json': { schema: restoreMessage } },
      },
      ...problems(...UPLOAD_PROBLEMS),
    },
  });
  app.openapi(route, async (c) => {
    const { result, waitedMs } = await serveUpload(c, deps, 'restore', restoreFields, toWorkOptions);
    const headers = { ...reportHeaders(result.report, waitedMs), [HEADERS.seed]: String(result.report.seed), 'Cache-Control': 'no-store', Vary: 'Accept' };
    if (wantsJson(c.req.header('Accept'))) return c.json(asMessage(result, c.get('requestId')), 200, headers);
    return c.body(result.image, 200, { ...headers, 'Content-Type': result.mediaType, 'Content-Length': String(result.image.length) });
  });
}

function asMessage({ image, mediaType, width, height, report }: RestoreResult, requestId: string): RestoreMessage {
  const dataUrl = `data:${mediaType};base64,${Buffer.from(image.buffer, image.byteOffset, image.length).toString('base64')}`;
  return { requestId, image: { mediaType, width, height, bytes: image.length, dataUrl }, report };
}

/** JSON only where it is asked for by name, and no picture is liked better. */
export function wantsJson(accept: string | undefined): boolean {
  const weights = (accept ?? '').split(',').map((entry) => {
    const [type = '', ...parameters] = entry.trim().toLowerCase().split(';');
    const q = parameters.map((p) => /^ *q=([\d.]+) *$/.exec(p)?.[1]).find((v) => v !== undefined);
    return { type: type.trim(), q: q === undefined ? 1 : Number(q) };
  });
  const json = Math.max(0, ...weights.filter(({ type }) => type === 'application/json').map(({ q }) => q));
  const picture = Math.max(0, ...weights.filter(({ type }) => type.startsWith('image/')).map(({ q }) => q));
  return json > 0 && json >= picture;
}
