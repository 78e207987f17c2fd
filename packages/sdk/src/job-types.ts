/** What `client.jobs` takes and gives. Types only. */
import type { JobMessage } from '@fairweather/core/contract';
import type { OnProgress, RestoreOptions, RestoreResult } from './engine-port.ts';
import type { PictureInput } from './input.ts';

/** A job as the server shows it: `state`, times, its `place` while it waits, `progress` while it runs, and `result` or `problem` once it has ended. */
export type Job = JobMessage;

/** One piece of news of a job. Its `id` is what `events` takes as `lastEventId`. */
export type JobEvent = { readonly id: string; readonly job: Job };

/** Options of `jobs.submit`: those of `restore`, and two of jobs. */
export type SubmitOptions = Omit<RestoreOptions, 'patchPixels'> & {
  /** Handed in again with the same key, picture and options, the job is the one of the first time. 1 to 255 visible ASCII letters. @default a random one */
  readonly idempotencyKey?: string;
  /** An https address that is told of the job's end, in the form of Standard Webhooks; the server says which hosts it may be on. */
  readonly webhook?: string;
};

/** Restorations that a server was handed, by their ids: they go on whatever becomes of this page or process. */
export type Jobs = {
  /**
   * Hands a picture in. Its id is known as soon as the server has accepted it; keep it, and any client of the same key may ask for the job.
   * @throws RestoreError `invalid-option` without a server or with `privacy: 'on-device'`; `overloaded`, and those of an upload
   */
  submit(input: PictureInput, options?: SubmitOptions): Promise<{ readonly id: string }>;
  /**
   * Hands in many pictures with the same options, one job each, in their order: all are accepted or none. Together they have the size of one request.
   * @throws RestoreError as `submit`
   */
  submitMany(inputs: Iterable<PictureInput>, options?: SubmitOptions): Promise<readonly { readonly id: string }[]>;
  /** How far a job is. @throws RestoreError `not-found`, also once it has expired */
  get(id: string, options?: JobCallOptions): Promise<Job>;
  /**
   * The picture of a job, once it is done. Lost connections are taken up again, for minutes. An abort ends the waiting alone: `cancel` cancels.
   * @throws RestoreError the job's own when it failed; `client-closed` when it was cancelled; `not-found`
   */
  wait(id: string, options?: JobCallOptions & { /** Told the `queue` place and the `work`. */ readonly onProgress?: OnProgress }): Promise<RestoreResult>;
  /**
   * The news of a job, the newest state first, until it has ended; goes on where a connection was lost. Leaving the loop ends the stream.
   * @throws RestoreError `not-found`; the signal's reason
   */
  events(
    id: string,
    options?: JobCallOptions & { /** What came before is not told again. @default none */ readonly lastEventId?: string },
  ): AsyncGenerator<JobEvent, void, undefined>;
  /** The picture of a job that is done. @throws RestoreError `job-not-done`; the job's own when it failed; `client-closed` when it was cancelled; `not-found` */
  result(id: string, options?: JobCallOptions): Promise<RestoreResult>;
  /** Cancels a job, which then has no result; one that has ended is forgotten, with its picture. @throws RestoreError `not-found` */
  cancel(id: string, options?: JobCallOptions): Promise<void>;
};

/** What every call about a job takes. */
export type JobCallOptions = {
  /** An abort ends the call, not the job. */
  readonly signal?: AbortSignal;
};
