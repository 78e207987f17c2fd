/** `/v1/jobs`: pictures are accepted at once and restored when there is room; their state, events and results are asked for by id. */
import { HEADERS, IMAGE_FIELD, JOB_FIELDS, type JobsMessage, RESTORE_FIELDS, ROUTES } from '@fairweather/core/contract';
import { createRoute, z } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { ApiError } from '../api-error.ts';
import type { App, AppDeps } from '../app-env.ts';
import { type Jobs, toJobMessage } from '../jobs/jobs.ts';
import { requireScope } from '../middleware/authenticate.ts';
import { jobFields, parseFields, toWorkOptions } from '../upload/option-fields.ts';
import { readUploads } from '../upload/read-upload.ts';
import { jobMessage, jobsMessage, problems } from './schemas.ts';
import { describeUpload, UPLOAD_PROBLEMS } from './upload-body.ts';

const idParam = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' }, example: 'job_0123456789abcdef0123456789abcdef' }) });
/** One event as a client reads it. */
const eventMessage = z.object({ id: z.string(), event: z.string(), data: z.string().openapi({ description: 'A `JobMessage`, as JSON.' }) });
/** Between signs of life of a stream that has nothing to tell. */
const HEARTBEAT_MS = 15_000;

export function registerJobs(app: App, deps: AppDeps): void {
  const { jobs } = deps;
  registerSubmit(app, deps);
  registerJob(app, jobs);
  registerEvents(app, jobs);
  registerResult(app, jobs);
}

function registerSubmit(app: App, { jobs, settings, fetchPicture, checkWebhook }: AppDeps): void {
  const byUpload = jobs.offerUpload !== undefined;
  const fields = [...RESTORE_FIELDS, ...JOB_FIELDS];
  const route = createRoute({
    method: 'post',
    path: ROUTES.jobs,
    operationId: 'submitJobs',
    summary: 'Hand in photographs to be restored later',
    description: `One job a picture: send the picture as the body, or one or several parts \`${IMAGE_FIELD}\` of a form, all with the same options. With the header \`${HEADERS.idempotencyKey}\` a repeated request answers with the jobs of the first.`,
    middleware: [requireScope('restore')] as const,
    request: { query: jobFields, body: describeUpload(fields, { fetchPicture, byUpload }) },
    responses: {
      202: { description: 'Accepted: none of it is lost from now on.', content: { 'application/json': { schema: jobsMessage } } },
      ...problems(...UPLOAD_PROBLEMS),
    },
  });
  app.openapi(route, async (c) => {
    const idempotencyKey = c.req.header(HEADERS.idempotencyKey);
    if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
      throw new ApiError('bad-request', `${HEADERS.idempotencyKey} must be 1 to 255 visible ASCII letters without spaces, it is not; a UUID is one.`);
    const { images, uploads, fields: sent } = await readUploads(c.req.raw, settings, fetchPicture, byUpload);
    const { webhook, ...options } = parseFields(jobFields, c.req.query(), sent);
    if (webhook !== undefined) checkWebhook(webhook);
    const { maxBodyBytes, maxUploadBytes, maxPixels, maxSidePx } = settings;
    const { jobs: accepted, replayed } = await jobs.submit({
      client: c.get('client').id,
      requestId: c.get('requestId'),
      pictures: uploads ?? images,
      options: { ...toWorkOptions(options), limits: { maxBytes: uploads === undefined ? maxBodyBytes : maxUploadBytes, maxPixels, maxSidePx } },
      webhook,
      idempotencyKey,
    });
    c.get('facts').jobs = accepted.length;
    const message: JobsMessage = { requestId: c.get('requestId'), jobs: accepted.map(toJobMessage) };
    const [only] = message.jobs;
    if (only !== undefined && message.jobs.length === 1) c.header('Location', only.links.self);
    if (replayed) c.header(HEADERS.idempotencyReplayed, 'true');
    return c.json(message, 202, { 'Cache-Control': 'no-store' });
  });
}

function registerJob(app: App, jobs: Jobs): void {
  const common = { path: ROUTES.job, request: { params: idParam } } as const;
  const state = { description: 'The job.', content: { 'application/json': { schema: jobMessage } } };
  const show = createRoute({
    ...common,
    middleware: [requireScope('restore')] as const,
    method: 'get',
    operationId: 'showJob',
    summary: 'How far a job is',
    responses: { 200: state, ...problems(401, 403, 404, 429, 503) },
  });
  app.openapi(show, async (c) => c.json(toJobMessage(await jobs.find(c.req.valid('param').id, c.get('client').id)), 200, { 'Cache-Control': 'no-store' }));

  const cancel = createRoute({
    ...common,
    middleware: [requireScope('restore')] as const,
    method: 'delete',
    operationId: 'cancelJob',
    summary: 'Cancel a job; or forget one that has ended, with its picture',
    responses: { 200: state, 204: { description: 'Forgotten.' }, ...problems(401, 403, 404, 429, 503) },
  });
  app.openapi(cancel, async (c) => {
    const job = await jobs.cancel(c.req.valid('param').id, c.get('client').id);
    return job === undefined ? c.body(null, 204) : c.json(toJobMessage(job), 200, { 'Cache-Control': 'no-store' });
  });
}

function registerEvents(app: App, jobs: Jobs): void {
  const route = createRoute({
    method: 'get',
    path: ROUTES.jobEvents,
    operationId: 'watchJob',
    summary: 'Watch a job',
    description:
      'Server-sent events, named by the job’s state; the data of each is the job as `GET /v1/jobs/{id}` shows it. Ids grow: with `Last-Event-ID` a stream goes on where another one broke off. It ends with the job; then it is answered with 204.',
    middleware: [requireScope('restore')] as const,
    request: { params: idParam },
    responses: {
      200: { description: 'The events.', content: { 'text/event-stream': { schema: eventMessage } } },
      204: { description: 'There is nothing more to come.' },
      ...problems(401, 403, 404, 429, 503),
    },
  });
  app.openapi(route, async (c) => {
    const [id, client] = [c.req.valid('param').id, c.get('client').id];
    const seen = /^\d{1,15}$/.test(c.req.header('Last-Event-ID') ?? '') ? Number(c.req.header('Last-Event-ID')) : -1;
    const job = await jobs.find(id, client); // an error is a problem, before the stream begins
    if (job.outcome !== undefined && job.revision <= seen) return c.body(null, 204);
    const gone = new AbortController();
    c.header('Cache-Control', 'no-store');
    c.header('X-Accel-Buffering', 'no'); // proxies hand on what comes
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => gone.abort());
      const heartbeat = setInterval(() => void stream.write(': \n\n'), HEARTBEAT_MS);
      try {
        for await (const now of jobs.watch(id, client, seen, gone.signal))
          await stream.writeSSE({ id: String(now.revision), event: now.state, data: JSON.stringify(toJobMessage(now)) });
      } finally {
        clearInterval(heartbeat);
      }
    });
  });
}

function registerResult(app: App, jobs: Jobs): void {
  const picture = { schema: { type: 'string' as const, format: 'binary' } };
  const route = createRoute({
    method: 'get',
    path: ROUTES.jobResult,
    operationId: 'fetchJobResult',
    summary: 'The restored photograph of a job that is done',
    description: 'A job that has failed answers with its problem.',
    middleware: [requireScope('restore')] as const,
    request: { params: idParam },
    responses: {
      200: { description: 'The picture.', content: { 'image/jpeg': picture, 'image/png': picture, 'image/webp': picture, 'image/avif': picture } },
      303: { description: 'The picture is at `Location`, for a short time.' },
      ...problems(...UPLOAD_PROBLEMS, 409),
    },
  });
  app.openapi(route, async (c) => {
    const result = await jobs.result(c.req.valid('param').id, c.get('client').id);
    c.header('Cache-Control', 'no-store');
    if ('link' in result) return c.redirect(result.link, 303);
    return c.body(result.bytes, 200, { 'Content-Type': result.mediaType, 'Content-Length': String(result.bytes.length) });
  });
}
