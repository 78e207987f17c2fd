/** Pictures of many clients -> restored ones by a few inference processes: bounded, fair, with deadlines, through a worker's crash. */
import type { Manifest } from '@fairweather/core';
import type { Work, WorkProgress, WorkResult } from './messages.ts';
import { type InferenceWorker } from './start-worker.ts';
/** `failed`: no worker could be started; the process should end. */
export type EngineState = 'loading' | 'ready' | 'failed' | 'closing';
export type EngineStatus = {
    readonly state: EngineState;
    /** Execution provider; empty before the first worker is ready. */
    readonly backend: string;
    /** Workers that are ready. */
    readonly workers: number;
    /** Places taken: uploads, waiting and running work. */
    readonly taken: number;
    readonly waiting: number;
    /** Work in the workers. */
    readonly running: number;
    /** Workers lost since the start. */
    readonly crashes: number;
};
/** A place among those that are served, held from before the upload until the answer. */
export type Place = {
    /**
     * @param onProgress told of phases and tiles
     * @returns the result and how long it waited for a worker
     * @throws RestoreError; ApiError `deadline-exceeded`, `engine-crashed`, `shutting-down`; the signal's reason
     */
    run<K extends Work['kind']>(work: Work & {
        readonly kind: K;
    }, signal: AbortSignal, onProgress?: (progress: WorkProgress) => void): Promise<{
        readonly result: WorkResult[K];
        readonly waitedMs: number;
    }>;
    /** Gives the place to others. A second call does nothing. */
    release(): void;
};
export type Engine = {
    readonly manifest: Manifest;
    status(): EngineStatus;
    /**
     * @param options.beyondLimits for work whose number is bounded elsewhere
     * @throws ApiError `not-ready`, `overloaded`, `shutting-down`, each with `retryAfterSec`
     */
    reserve(client: string, options?: {
        readonly beyondLimits: boolean;
    }): Place;
    /** Takes nothing new, ends what was accepted, then the workers. @returns whether all of it ended within the time */
    close(timeoutMs: number): Promise<boolean>;
};
export type EngineSettings = {
    readonly workers: number;
    /** Pieces of work a worker has at a time: it does the first and holds the others, so that it never waits for the next. */
    readonly perWorker: number;
    /** Places beyond one a worker. */
    readonly queue: number;
    /** Places one client may hold. */
    readonly queuePerClient: number;
    /** Milliseconds from the place's first work to its end. */
    readonly deadlineMs: number;
};
export type EngineDeps = {
    readonly manifest: Manifest;
    startWorker(): Promise<InferenceWorker>;
    /** Told once per worker start, loss and giving up. */
    readonly onEvent?: (event: EngineEvent) => void;
    /** Milliseconds of a monotonic clock. @default performance.now */
    readonly now?: () => number;
};
export type EngineEvent = {
    readonly type: 'started';
    readonly backend: string;
    readonly psnrDb: number;
    readonly refused: readonly string[];
} | {
    readonly type: 'lost';
    readonly error: unknown;
} | {
    readonly type: 'failed';
    readonly error: unknown;
};
/** Workers start at once; `status().state` is `ready` with the first of them. */
export declare function createEngine(settings: EngineSettings, { manifest, startWorker, onEvent, now }: EngineDeps): Engine;
