/** One upload -> its result: a place first, then the body, then the work; the place is given back whatever happens. */
import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AppDeps, AppEnv } from '../app-env.ts';
import type { Work, WorkOptions, WorkResult } from '../engine/messages.ts';
import { type InspectFields } from '../upload/option-fields.ts';
/** @throws ApiError, RestoreError */
export declare function serveUpload<K extends Work['kind'], F extends InspectFields>(c: Context<AppEnv>, { engine, settings, metrics, tracer, fetchPicture }: AppDeps, kind: K, schema: z.ZodType<F>, toOptions: (fields: F) => WorkOptions): Promise<{
    readonly result: WorkResult[K];
    readonly waitedMs: number;
}>;
