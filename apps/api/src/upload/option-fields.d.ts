/** Query parameters and multipart fields -> options of the core: texts checked and turned into values; every wrong one is named at once. */
import { OUTPUT_FORMATS } from '@fairweather/core';
import { z } from '@hono/zod-openapi';
import { ApiError } from '../api-error.ts';
import type { WorkOptions } from '../engine/messages.ts';
/** Options of an inspection, as values. */
export type InspectFields = {
    readonly model?: string | undefined;
    readonly precision?: 'fp32' | 'fp16' | undefined;
};
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
export type JobOptionFields = RestoreFields & {
    readonly webhook?: string | undefined;
};
/** An object schema, as a route takes it, that gives `F`. */
export type FieldSchema<F> = z.ZodObject & z.ZodType<F>;
export declare const inspectFields: FieldSchema<InspectFields>;
export declare const restoreFields: FieldSchema<RestoreFields>;
export declare const jobFields: FieldSchema<JobOptionFields>;
/** What an upload is asked for with. */
export declare const uploadFields: FieldSchema<{
    readonly bytes: number;
}>;
/**
 * Query and multipart fields of one request, together.
 * @throws ApiError `invalid-option` naming every option that is wrong, unknown or there twice
 */
export declare function parseFields<T extends InspectFields>(schema: z.ZodType<T>, query: Readonly<Record<string, string>>, fields: Readonly<Record<string, string>>): T;
/** One fault a wrong option; names that are not known are faults of their own. */
export declare function describeIssues({ issues, }: z.ZodError | {
    readonly issues: readonly z.core.$ZodIssue[];
}): readonly {
    readonly field: string;
    readonly message: string;
}[];
export declare function invalidOptions(errors: readonly {
    readonly field: string;
    readonly message: string;
}[]): ApiError;
/** Flat fields -> the core's options. */
export declare function toWorkOptions(fields: RestoreFields): WorkOptions;
