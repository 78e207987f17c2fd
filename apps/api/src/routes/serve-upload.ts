/** One upload -> its result: a place first, then the body, then the work; the place is given back whatever happens. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from '../api-error.ts';
import type { AppDeps, AppEnv } from '../app-env.ts';
import type { Work, WorkOptions, WorkResult } from '../engine/messages.ts';
import { tracePhases } from '../observe/tracing.ts';
import { type InspectFields, parseFields } from '../upload/option-fields.ts';
import { readUpload } from '../upload/read-upload.ts';

/** @throws ApiError, RestoreError */
export async function serveUpload<K extends Work['kind'], F extends InspectFields>(
  c: Context<AppEnv>,
  { engine, settings, metrics, tracer, fetchPicture }: AppDeps,
  kind: K,
  schema: z.ZodType<F>,
  toOptions: (fields: F) => WorkOptions,
): Promise<{ readonly result: WorkResult[K]; readonly waitedMs: number }> {
  const { signal } = c.req.raw;
  // Before the body is read: the bytes of uploads that wait are bounded like the work itself.
  const place = engine.reserve(c.get('client').id);
  try {
    const { image, fields } = await readUpload(c.req.raw, settings, fetchPicture);
    const { maxBodyBytes, maxPixels, maxSidePx } = settings;
    const options = { ...toOptions(parseFields(schema, c.req.query(), fields)), limits: { maxBytes: maxBodyBytes, maxPixels, maxSidePx } };
    c.get('facts').bytesIn = image.length;
    const done = await place.run({ kind, input: image, options }, signal);
    const report: WorkResult['inspect'] = 'report' in done.result ? done.result.report : done.result;
    tracePhases(tracer, c.get('span'), done.waitedMs, report.timings);
    metrics.work(kind, report.backend, done.waitedMs, report.timings);
    Object.assign(c.get('facts'), { model: report.model.name, pixels: report.input.width * report.input.height, waitedMs: Math.round(done.waitedMs) });
    return done;
  } catch (error) {
    if (signal.aborted) throw new ApiError('client-closed', 'The client has gone.', { cause: error });
    throw error;
  } finally {
    place.release();
  }
}
