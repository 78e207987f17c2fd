/** `POST /v1/restore`: a degraded picture in; the restored one out, or, on request, the report with the picture in it. */
import type { RestoreResult } from '@fairweather/core';
import { HEADERS, PROGRESS_TYPE, RESTORE_FIELDS, type RestoreMessage, ROUTES } from '@fairweather/core/contract';
import { createRoute } from '@hono/zod-openapi';
import type { App, AppDeps } from '../app-env.ts';
import { requireScope } from '../middleware/authenticate.ts';
import { restoreFields, toWorkOptions } from '../upload/option-fields.ts';
import { answerProgress } from './progress-answer.ts';
import { describeReportHeaders, reportHeaders } from './report-headers.ts';
import { problems, restoreEvent, restoreMessage } from './schemas.ts';
import { serveUpload } from './serve-upload.ts';
import { describeUpload, UPLOAD_PROBLEMS } from './upload-body.ts';

export function registerRestore(app: App, deps: AppDeps): void {
  app.openAPIRegistry.register('RestoreEvent', restoreEvent);
  const picture = { schema: { type: 'string' as const, format: 'binary' } };
  const route = createRoute({
    method: 'post',
    path: ROUTES.restore,
    operationId: 'restore',
    summary: 'Restore a photograph',
    description: `Takes rain, raindrops, snow and haze out. Answers the picture; with \`Accept: application/json\` the report and the picture as a data URL; with \`Accept: ${PROGRESS_TYPE}\` lines of JSON as the work goes on, each a \`RestoreEvent\` or empty, the last one \`problem\`, or \`result\` and behind it the bytes of the picture.`,
    middleware: [requireScope('restore')] as const,
    request: { query: restoreFields, body: describeUpload(RESTORE_FIELDS, deps) },
    responses: {
      200: {
        description: 'The restored picture.',
        headers: describeReportHeaders(),
        content: {
          'image/jpeg': picture,
          'image/png': picture,
          'image/webp': picture,
          'image/avif': picture,
          'application/json': { schema: restoreMessage },
          [PROGRESS_TYPE]: picture,
        },
      },
      ...problems(...UPLOAD_PROBLEMS),
    },
  });
  app.openapi(route, async (c) => {
    const form = chooseForm(c.req.header('Accept'));
    if (form === 'progress')
      return answerProgress(c, async (tell, signal) => {
        const { result } = await serveUpload(c, deps, 'restore', restoreFields, toWorkOptions, { tell, signal });
        return result;
      });
    const { result, waitedMs } = await serveUpload(c, deps, 'restore', restoreFields, toWorkOptions);
    const headers = { ...reportHeaders(result.report, waitedMs), [HEADERS.seed]: String(result.report.seed), 'Cache-Control': 'no-store', Vary: 'Accept' };
    if (form === 'json') return c.json(asMessage(result, c.get('requestId')), 200, headers);
    return c.body(result.image, 200, { ...headers, 'Content-Type': result.mediaType, 'Content-Length': String(result.image.length) });
  });
}

function asMessage({ image, mediaType, width, height, report }: RestoreResult, requestId: string): RestoreMessage {
  const dataUrl = `data:${mediaType};base64,${Buffer.from(image.buffer, image.byteOffset, image.length).toString('base64')}`;
  return { requestId, image: { mediaType, width, height, bytes: image.length, dataUrl }, report };
}

/** Progress and JSON only where they are asked for by name, and nothing is liked better. */
function chooseForm(accept: string | undefined): 'progress' | 'json' | 'picture' {
  const weights = (accept ?? '').split(',').map((entry) => {
    const [type = '', ...parameters] = entry.trim().toLowerCase().split(';');
    const q = parameters.map((p) => /^ *q=([\d.]+) *$/.exec(p)?.[1]).find((v) => v !== undefined);
    return { type: type.trim(), q: q === undefined ? 1 : Number(q) };
  });
  const weigh = (like: (type: string) => boolean): number => Math.max(0, ...weights.filter(({ type }) => like(type)).map(({ q }) => q));
  const progress = weigh((type) => type === PROGRESS_TYPE);
  const json = weigh((type) => type === 'application/json');
  const picture = weigh((type) => type.startsWith('image/'));
  if (progress > 0 && progress >= Math.max(json, picture)) return 'progress';
  return json > 0 && json >= picture ? 'json' : 'picture';
}
