import type { Work, WorkerSettings, WorkProgress, WorkResult } from './messages.ts';
/** One inference process. It does one piece of work at a time, in the order they came, and holds the others meanwhile. */
export type InferenceWorker = {
    readonly pid: number;
    /** Execution provider in use. */
    readonly backend: string;
    /** Self-test against PyTorch, in dB. */
    readonly psnrDb: number;
    /** Better backends that were not fit, and why. */
    readonly refused: readonly string[];
    /** Aborts when the process has ended, whatever the reason. */
    readonly lost: AbortSignal;
    /**
     * An abort stops the work within one tile; a process that does not answer it in time is ended.
     * @param onProgress told of phases and tiles; nothing is sent for it when left out
     * @throws RestoreError; the signal's reason; `WorkerLost` when the process ends first
     */
    run<K extends Work['kind']>(work: Work & {
        readonly kind: K;
    }, signal: AbortSignal, onProgress?: (progress: WorkProgress) => void): Promise<Done<K>>;
    end(): Promise<void>;
};
/** A result, and how long the process held the work before it began. */
export type Done<K extends Work['kind']> = {
    readonly result: WorkResult[K];
    readonly heldMs: number;
};
/** The process ended while it had work; `begun` says whether it was this work it was at. */
export declare class WorkerLost extends Error {
    readonly name: string;
    readonly begun: boolean;
    constructor(message: string, { begun, cause }: {
        readonly begun: boolean;
        readonly cause?: unknown;
    });
}
/**
 * A process, not a thread: ONNX Runtime and the decoders are native code, and what ends them would end the server as well. A thread could not
 * even be stopped: onnxruntime-node aborts the whole process when its thread is terminated during a run.
 * @throws Error when no backend loads the model and passes the self-test
 */
export declare function startInferenceWorker(settings: WorkerSettings, { abortGraceMs }?: {
    readonly abortGraceMs?: number;
}): Promise<InferenceWorker>;
