/** Query parameters and multipart fields -> options of the core: texts checked and turned into values; every wrong one is named at once. */
import { OUTPUT_FORMATS } from '@fairweather/core';
import { z } from '@hono/zod-openapi';
import { ApiError } from '../api-error.ts';
import type { WorkOptions } from '../engine/messages.ts';

/** Options of an inspection, as values. */
export type InspectFields = { readonly model?: string | undefined; readonly precision?: 'fp32' | 'fp16' | undefined };

/** Options of a restoration, as values; flat, as they come in. */
export type RestoreFields = InspectFields & {
  readonly remove?: readonly string[] | undefined;
  readonly strength?: number | undefined;
  readonly seed?: number | undefined;
  readonly steps?: number | undefined;
  readonly tile?: number | 'auto' | undefined;
  readonly scale?: number | 'native' | 'auto' | undefined;
  readonly format?: (typeof OUTPUT_FORMATS)[number] | 'same' | undefined;
  readonly quality?: number | undefined;
  readonly metadata?: 'keep' | 'strip' | undefined;
};

/** A restoration's, and where its end is told. */
export type JobOptionFields = RestoreFields & { readonly webhook?: string | undefined };

/** An object schema, as a route takes it, that gives `F`. */
export type FieldSchema<F> = z.ZodObject & z.ZodType<F>;

const number = (min: number, max: number, what: string): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d{1,10}(\.\d{1,17})?$/, `must be a number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .openapi({ type: 'number', minimum: min, maximum: max, description: what });

const integer = (min: number, max: number, what: string): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d{1,10}$/, `must be an integer from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .openapi({ type: 'integer', minimum: min, maximum: max, description: what });

const inspectShape = {
  model: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be the name of a model; GET /v1/models lists them')
    .optional()
    .openapi({ description: 'Name of a model of `GET /v1/models`; the default one when left out.' }),
  precision: z.enum(['fp32', 'fp16']).optional().openapi({ description: 'Arithmetic of the graphs. Default `fp32`.' }),
};

export const inspectFields: FieldSchema<InspectFields> = z.strictObject(inspectShape);

const restoreShape = {
  ...inspectShape,
  remove: z
    .string()
    .regex(/^[\w-]{1,32}(,[\w-]{1,32}){0,15}$/, 'must be weathers with commas between: rain,haze')
    .transform((list) => list.split(','))
    .optional()
    .openapi({
      type: 'string',
      pattern: '^[\\w-]{1,32}(,[\\w-]{1,32}){0,15}$',
      description: 'Weathers to take out, with commas between; the others stay. Default: all of the model.',
    }),
  strength: number(0, 1, 'How much of the degradation is taken away. Default 1.').optional(),
  seed: integer(0, 0xffff_ffff, 'The same seed gives the same result. Default 0.').optional(),
  steps: integer(1, 2, 'Sampling steps: 2, or 1 for half the time and a little less quality. Default 2.').optional(),
  tile: z
    .union([z.literal('auto'), integer(1, 16_384, 'pixels')])
    .optional()
    .openapi({ description: "Longest side of a tile in pixels, a multiple of the model's; `auto` is the model's own. Default `auto`." }),
  scale: z
    .union([z.enum(['native', 'auto']), number(0.05, 1, 'of the size')], "must be 'native', 'auto' or a number from 0.05 to 1")
    .optional()
    .openapi({
      description:
        "The size the network works at: `auto`, every weather where it is seen best (haze in small sizes of its own, coarse rain and snow in large pictures reduced); `native`, the picture's own; a factor from 0.05 to 1. Default `auto`.",
    }),
  format: z
    .enum([...OUTPUT_FORMATS, 'same'])
    .optional()
    .openapi({ description: "Container of the answer; `same` is the input's. Default `same`." }),
  quality: integer(1, 100, 'For JPEG, WebP and AVIF. Default 92, 90, 65.').optional(),
  metadata: z.enum(['keep', 'strip']).optional().openapi({ description: 'Whether EXIF and XMP stay; the colour profile always does. Default `keep`.' }),
};

export const restoreFields: FieldSchema<RestoreFields> = z.strictObject(restoreShape);

export const jobFields: FieldSchema<JobOptionFields> = z.strictObject({
  ...restoreShape,
  webhook: z.string().max(2048).optional().openapi({ description: 'An https address that is told of the end of every job, signed (Standard Webhooks).' }),
});

/** What an upload is asked for with. */
export const uploadFields: FieldSchema<{ readonly bytes: number }> = z.strictObject({
  bytes: integer(1, 9_999_999_999, 'Exact size of the picture; the storage takes no other.'),
});

/**
 * Query and multipart fields of one request, together.
 * @throws ApiError `invalid-option` naming every option that is wrong, unknown or there twice
 */
export function parseFields<T extends InspectFields>(
  schema: z.ZodType<T>,
  query: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>>,
): T {
  const twice = Object.keys(fields).filter((name) => Object.hasOwn(query, name));
  if (twice.length > 0) throw invalidOptions(twice.map((field) => ({ field, message: 'must be in the query or in the body, came in both' })));
  const parsed = schema.safeParse({ ...query, ...fields });
  if (parsed.success) return parsed.data;
  throw invalidOptions(describeIssues(parsed.error));
}

/** One fault a wrong option; names that are not known are faults of their own. */
export function describeIssues({
  issues,
}: z.ZodError | { readonly issues: readonly z.core.$ZodIssue[] }): readonly { readonly field: string; readonly message: string }[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: key.slice(0, 64), message: 'is not known' }))
      : [{ field: issue.path.join('.'), message: issue.message }],
  );
}

export function invalidOptions(errors: readonly { readonly field: string; readonly message: string }[]): ApiError {
  return new ApiError('invalid-option', `${errors.map(({ field, message }) => `${field} ${message}`).join('; ')}.`, { errors });
}

/** Flat fields -> the core's options. */
export function toWorkOptions(fields: RestoreFields): WorkOptions {
  const { format, quality, metadata, steps, ...rest } = fields;
  const output = dropUndefined({ format, quality, metadata });
  return dropUndefined({ ...rest, steps, output: Object.keys(output).length > 0 ? output : undefined }) as WorkOptions; // `steps` is 1 or 2 by its schema
}

/** The core tells an absent option from an undefined one. */
function dropUndefined(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
