/** One upload -> its result: a place first, then the body, then the work; the place is given back whatever happens. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from '../api-error.ts';
import type { AppDeps, AppEnv } from '../app-env.ts';
import type { Work, WorkOptions, WorkProgress, WorkResult } from '../engine/messages.ts';
import { tracePhases } from '../observe/tracing.ts';
import { type InspectFields, parseFields } from '../upload/option-fields.ts';
import { readUpload } from '../upload/read-upload.ts';
import type { Tell } from './progress-answer.ts';

/**
 * @param progress who is told of place and work; its signal ends the work as the request's own does
 * @throws ApiError, RestoreError
 */
export async function serveUpload<K extends Work['kind'], F extends InspectFields>(
  c: Context<AppEnv>,
  { engine, settings, metrics, tracer, fetchPicture }: AppDeps,
  kind: K,
  schema: z.ZodType<F>,
  toOptions: (fields: F) => WorkOptions,
  progress?: { readonly tell: Tell; readonly signal: AbortSignal },
): Promise<{ readonly result: WorkResult[K]; readonly waitedMs: number }> {
  const signal = progress === undefined ? c.req.raw.signal : AbortSignal.any([c.req.raw.signal, progress.signal]);
  // Before the body is read: the bytes of uploads that wait are bounded like the work itself.
  const place = engine.reserve(c.get('client').id);
  try {
    const { image, fields } = await readUpload(c.req.raw, settings, fetchPicture);
    const { maxBodyBytes, maxPixels, maxSidePx } = settings;
    const options = { ...toOptions(parseFields(schema, c.req.query(), fields)), limits: { maxBytes: maxBodyBytes, maxPixels, maxSidePx } };
    c.get('facts').bytesIn = image.length;
    const done = await place.run({ kind, input: image, options }, signal, ...listenersOf(progress?.tell));
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

function listenersOf(tell: Tell | undefined): readonly [onProgress?: (progress: WorkProgress) => void, onPlace?: (place: number) => void] {
  if (tell === undefined) return [];
  return [({ elapsedMs: _, ...progress }) => tell(progress), (place) => tell({ type: 'place', place })];
}
