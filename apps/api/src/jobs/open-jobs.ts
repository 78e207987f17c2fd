/** A configuration -> running jobs: SQLite and a folder, or Redis, or S3, as it says. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ApiError } from '../api-error.ts';
import type { Config } from '../config.ts';
import type { Engine } from '../engine/engine.ts';
import { createCheckedRequest } from '../net/checked-request.ts';
import { openBullmqQueue } from './bullmq-queue.ts';
import { openFolderStore } from './folder-store.ts';
import { type BlobStore, inputName, type JobHandlers, type QueueSettings } from './job.ts';
import { createJobs, type Jobs, toJobMessage } from './jobs.ts';
import { createJobRunner } from './run-job.ts';
import { createS3Store } from './s3-store.ts';
import { openSqliteQueue } from './sqlite-queue.ts';
import { createWebhookPost, createWebhookSender, webhookDelayMs } from './webhook.ts';

export type OpenJobs = {
  readonly jobs: Jobs;
  /** @throws ApiError `url-refused` */
  checkWebhook(url: string): void;
  /** Begins to take jobs. Call it once the engine is ready. */
  start(): void;
  close(timeoutMs: number): Promise<void>;
};

/** Times a job is begun by servers that end before it does. */
const MAX_STARTS = 3;

/** @throws Error when the folder, Redis or the queue's file cannot be opened */
export async function openJobs(
  { app: { maxUploadBytes }, jobs: settings, engine: { workers, perWorker }, redisUrl }: Config,
  engine: Engine,
  log: Logger,
): Promise<OpenJobs> {
  const dir = settings.dir ?? (await mkdtemp(join(tmpdir(), 'fairweather-jobs-')));
  if (settings.s3 === undefined || redisUrl === undefined) await mkdir(dir, { recursive: true, mode: 0o700 });
  const blobs: BlobStore = settings.s3 === undefined ? await openFolderStore(join(dir, 'pictures')) : createS3Store(settings.s3);
  const onError = (error: unknown): void => log.warn({ err: error }, 'jobs: something failed, and is tried again');
  const queueSettings: QueueSettings = {
    concurrency: workers * perWorker,
    maxWaiting: settings.maxWaiting,
    keepMs: settings.keepMs,
    maxStarts: MAX_STARTS,
    webhookDelayMs,
    onError,
    onEnded: (id) => void blobs.delete(inputName(id)).catch(onError), // else it goes with the job
  };
  const queue =
    redisUrl === undefined
      ? openSqliteQueue(join(dir, 'jobs.sqlite'), queueSettings)
      : await openBullmqQueue({ ...queueSettings, url: redisUrl, lockMs: settings.lockMs });
  const jobs = createJobs({ queue, blobs, linkFromBytes: settings.linkFromBytes, maxUploadBytes, onError });
  const request = settings.webhooks === undefined ? undefined : createCheckedRequest(settings.webhooks.hosts);
  const notify: JobHandlers['notify'] =
    settings.webhooks === undefined || request === undefined
      ? async () => {}
      : createWebhookSender(settings.webhooks.secret, createWebhookPost(request), toJobMessage, () => new Date());
  return {
    jobs,
    checkWebhook(url) {
      if (request === undefined) throw new ApiError('url-refused', 'This server sends no webhooks; ask for the job, or watch its events.');
      request.check(url);
    },
    start: () => queue.start({ run: createJobRunner({ engine, blobs }), notify }),
    async close(timeoutMs) {
      await jobs.close(timeoutMs);
      if (settings.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
