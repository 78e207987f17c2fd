import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Engine } from '../engine/engine.ts';
import { type InferenceWorker } from '../engine/start-worker.ts';
export type RunningServer = {
    /** `http://127.0.0.1:8080` */
    readonly url: string;
    readonly engine: Engine;
    /** Resolves with the first ready worker; rejects when none can be started. */
    readonly ready: Promise<void>;
    /** Takes nothing new, ends what was accepted, closes. @returns whether all of it ended in time */
    close(): Promise<boolean>;
};
/**
 * @param startWorker for tests that need the workers in their hands
 * @throws RestoreError `model-not-found`, `manifest-invalid`; Error when the port is taken
 */
export declare function startServer(config: Config, log: Logger, startWorker?: () => Promise<InferenceWorker>): Promise<RunningServer>;
