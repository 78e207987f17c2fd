import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Engine } from '../engine/engine.ts';
import { type Jobs } from './jobs.ts';
export type OpenJobs = {
  readonly jobs: Jobs;
  /** @throws ApiError `url-refused` */
  checkWebhook(url: string): void;
  /** Begins to take jobs. Call it once the engine is ready. */
  start(): void;
  close(timeoutMs: number): Promise<void>;
};
/** @throws Error when the folder, Redis or the queue's file cannot be opened */
export declare function openJobs(
  { app: { maxUploadBytes }, jobs: settings, engine: { workers, perWorker }, redisUrl }: Config,
  engine: Engine,
  log: Logger,
): Promise<OpenJobs>;
