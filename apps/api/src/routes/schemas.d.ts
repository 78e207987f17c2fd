import { type InspectMessage, type JobMessage, type JobsMessage, type LimitsMessage, type ModelsMessage, type Problem, type ReadyMessage, type RestoreMessage, type UploadMessage } from '@fairweather/core/contract';
import { z } from '@hono/zod-openapi';
declare const INPUT_FORMATS: readonly ["jpeg", "png", "webp", "gif", "avif", "tiff"];
export declare const inspectMessage: z.ZodType<InspectMessage>;
export declare const restoreMessage: z.ZodType<RestoreMessage>;
export declare const modelsMessage: z.ZodType<ModelsMessage>;
export declare const limitsMessage: z.ZodType<LimitsMessage>;
export declare const readyMessage: z.ZodType<ReadyMessage>;
export declare const problem: z.ZodType<Problem>;
export declare const jobMessage: z.ZodType<JobMessage>;
export declare const jobsMessage: z.ZodType<JobsMessage>;
export declare const uploadMessage: z.ZodType<UploadMessage>;
/** Problems a route may answer with, as OpenAPI responses. */
export declare function problems(...statuses: readonly number[]): Record<number, {
    description: string;
    content: Record<string, {
        schema: z.ZodType<Problem>;
    }>;
}>;
/** Formats we read. */
export declare const inputFormats: readonly (typeof INPUT_FORMATS)[number][];
export {};
