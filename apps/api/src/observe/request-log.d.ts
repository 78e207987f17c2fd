/** One answered request -> one structured log line: who, what, how long, what became of it; no picture, no key, no query. */
export type RequestLine = {
    readonly requestId: string;
    readonly method: string;
    /** The route's pattern, or `unknown`. */
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
    readonly client?: string;
    /** Code of the problem, where there was one. */
    readonly code?: string;
} & Readonly<Record<string, string | number | undefined>>;
/** The part of a pino logger that is used. */
export type RequestLog = {
    info(line: object, message: string): void;
    warn(line: object, message: string): void;
    error(line: object, message: string): void;
};
/** Faults of ours with what was thrown, the client's as warnings, the rest as information. */
export declare function logRequest(log: RequestLog, line: RequestLine, thrown: unknown): void;
