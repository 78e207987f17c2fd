/** The messages of the contract as zod schemas: what `/openapi.json` shows. The types say that they are the contract's. */
import { OUTPUT_FORMATS, PHASES } from '@fairweather/core';
import {
  ERROR_TABLE,
  type InspectMessage,
  type JobMessage,
  type JobsMessage,
  type LimitsMessage,
  type ModelsMessage,
  PROBLEM_TYPE,
  type Problem,
  type ReadyMessage,
  type RestoreEvent,
  type RestoreMessage,
  type UploadMessage,
} from '@fairweather/core/contract';
import { z } from '@hono/zod-openapi';

const INPUT_FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const;
const MEDIA_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'] as const;
const precision = z.enum(['fp32', 'fp16']);
const bitDepth = z.union([z.literal(8), z.literal(16)]);
const share = z.number().min(0).max(1);
const ms = z.number().min(0).openapi({ description: 'Milliseconds.' });

const inspectReport = z.object({
  backend: z.string(),
  precision,
  model: z.object({ name: z.string(), version: z.string() }),
  input: z.object({
    format: z.enum(INPUT_FORMATS),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    bitDepth,
    channels: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  }),
  weather: z.array(z.object({ weather: z.string(), presence: share, share })),
  timings: z.object({ read: ms, load: ms, decode: ms, condition: ms, restore: ms, encode: ms, total: ms }),
  warnings: z.array(
    z.object({
      code: z.enum(['animated', 'several-pages', 'format-changed', 'bit-depth-reduced', 'quality-unused', 'colour-converted', 'metadata-lost']),
      message: z.string(),
    }),
  ),
});

const restoreReport = inspectReport.extend({
  removed: z.array(z.string()),
  seed: z.int(),
  steps: z.union([z.literal(1), z.literal(2)]),
  strength: share,
  scale: z.object({
    factor: share,
    width: z.int(),
    height: z.int(),
    hazeSizes: z.array(z.object({ width: z.int(), height: z.int() })),
    reason: z.string(),
  }),
  tiles: z.object({ count: z.int(), sizePx: z.int(), overlapPx: z.int() }),
  output: z.object({ format: z.enum(OUTPUT_FORMATS), bytes: z.int(), bitDepth }),
});

export const inspectMessage: z.ZodType<InspectMessage> = z.object({ requestId: z.string(), report: inspectReport }).openapi('InspectMessage');

export const restoreMessage: z.ZodType<RestoreMessage> = z
  .object({
    requestId: z.string(),
    image: z.object({ mediaType: z.enum(MEDIA_TYPES), width: z.int(), height: z.int(), bytes: z.int(), dataUrl: z.string() }),
    report: restoreReport,
  })
  .openapi('RestoreMessage');

export const restoreEvent: z.ZodType<RestoreEvent> = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('place'), place: z.int().min(1) }),
    z.object({ type: z.literal('phase'), phase: z.enum(PHASES) }),
    z.object({ type: z.literal('step'), step: z.int(), steps: z.int(), tile: z.int(), tiles: z.int() }),
    z.object({ type: z.literal('tile'), tile: z.int(), tiles: z.int() }),
    z.object({
      type: z.literal('result'),
      requestId: z.string(),
      image: z.object({ mediaType: z.enum(MEDIA_TYPES), width: z.int(), height: z.int(), bytes: z.int() }),
      report: restoreReport,
    }),
    z.object({ type: z.literal('problem'), problem: z.lazy(() => problem), retryAfter: z.number() }).partial({ retryAfter: true }),
  ])
  .openapi('RestoreEvent') as unknown as z.ZodType<RestoreEvent>; // an absent `retryAfter` is absent, never undefined: JSON has no undefined

export const modelsMessage: z.ZodType<ModelsMessage> = z
  .object({
    models: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        title: z.string(),
        licence: z.string(),
        weathers: z.array(z.string()),
        precisions: z.array(precision),
        default: z.boolean(),
      }),
    ),
  })
  .openapi('ModelsMessage');

export const limitsMessage: z.ZodType<LimitsMessage> = z
  .object({
    maxBodyBytes: z.int(),
    maxPixels: z.int(),
    maxSidePx: z.int(),
    deadlineMs: z.int(),
    ratePerMinute: z.int(),
    maxConcurrentPerClient: z.int(),
    inputFormats: z.array(z.enum(INPUT_FORMATS)),
    outputFormats: z.array(z.enum(OUTPUT_FORMATS)),
  })
  .openapi('LimitsMessage');

export const readyMessage: z.ZodType<ReadyMessage> = z.object({ status: z.literal('ready'), backend: z.string(), workers: z.int() }).openapi('ReadyMessage');

const codes = Object.keys(ERROR_TABLE) as (keyof typeof ERROR_TABLE)[]; // a record's keys are its type's

export const problem: z.ZodType<Problem> = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(codes),
    requestId: z.string(),
    retryable: z.boolean(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).readonly(),
  })
  .partial({ errors: true })
  .openapi('Problem') as unknown as z.ZodType<Problem>; // an absent `errors` is absent, never undefined: JSON has no undefined

const time = z.iso.datetime();

export const jobMessage: z.ZodType<JobMessage> = z
  .object({
    id: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    createdAt: time,
    startedAt: time,
    endedAt: time,
    expiresAt: time,
    place: z.int().min(1).max(1000).openapi({ description: 'While it waits: its place in the queue, 1 for the next to be begun, 1000 for all from there on.' }),
    progress: z.object({ phase: z.enum(PHASES), fraction: share }),
    result: z.object({ mediaType: z.enum(MEDIA_TYPES), width: z.int(), height: z.int(), bytes: z.int(), report: restoreReport }),
    problem,
    links: z.object({ self: z.string(), events: z.string(), result: z.string() }),
  })
  .partial({ startedAt: true, endedAt: true, expiresAt: true, place: true, progress: true, result: true, problem: true })
  .openapi('JobMessage') as unknown as z.ZodType<JobMessage>; // what is absent is absent, never undefined: JSON has no undefined

export const jobsMessage: z.ZodType<JobsMessage> = z.object({ requestId: z.string(), jobs: z.array(jobMessage) }).openapi('JobsMessage');

export const uploadMessage: z.ZodType<UploadMessage> = z
  .object({ requestId: z.string(), id: z.string(), url: z.url(), method: z.literal('PUT'), headers: z.record(z.string(), z.string()), expiresAt: time })
  .openapi('UploadMessage');

/** Problems a route may answer with, as OpenAPI responses. */
export function problems(...statuses: readonly number[]): Record<number, { description: string; content: Record<string, { schema: z.ZodType<Problem> }> }> {
  return Object.fromEntries(
    [...new Set([...statuses, 500])].map((status) => [
      status,
      {
        description: Object.entries(ERROR_TABLE)
          .filter(([, entry]) => entry.status === status)
          .map(([code, { title }]) => `\`${code}\`: ${title}`)
          .join('. '),
        content: { [PROBLEM_TYPE]: { schema: problem } },
      },
    ]),
  );
}

/** Formats we read. */
export const inputFormats: readonly (typeof INPUT_FORMATS)[number][] = INPUT_FORMATS;
