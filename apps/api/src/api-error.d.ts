import { type ApiErrorCode, type Problem } from '@fairweather/core/contract';
export type FieldFault = {
    readonly field: string;
    readonly message: string;
};
/** A failure on the way to the core; the message says what was expected, what came and what to do. */
export declare class ApiError extends Error {
    readonly name: string;
    readonly code: ApiErrorCode;
    /** Seconds after which the same request may succeed. */
    readonly retryAfterSec: number | undefined;
    /** The options that are wrong, where there may be several. */
    readonly errors: readonly FieldFault[] | undefined;
    constructor(code: ApiErrorCode, message: string, options?: {
        readonly cause?: unknown;
        readonly retryAfterSec?: number;
        readonly errors?: readonly FieldFault[];
    });
}
/** What a client is told about a failure. */
export type Failure = {
    readonly problem: Problem;
    readonly retryAfterSec: number | undefined;
};
/** Sentences of the core reach the client where the request is to blame; of our own faults only the code does. */
export declare function describeFailure(thrown: unknown, requestId: string): Failure;
