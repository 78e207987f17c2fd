import { type JobMessage } from '@fairweather/core/contract';
import type { WorkOptions } from '../engine/messages.ts';
import { type BlobStore, type UploadLink, type Job, type JobQueue } from './job.ts';
export type Submission = {
  readonly client: string;
  readonly requestId: string;
  /** Bytes; or, of those that their client has put into the store, the id. */
  readonly pictures: readonly (Uint8Array | string)[];
  readonly options: WorkOptions;
  readonly webhook: string | undefined;
  readonly idempotencyKey: string | undefined;
};
export type Jobs = {
  /**
   * A place in the store where this client may put a picture for a job. Nothing where the store takes none.
   * @throws ApiError `too-large`, `storage-failed`
   */
  readonly offerUpload?: (
    client: string,
    bytes: number,
  ) => Promise<
    UploadLink & {
      readonly id: string;
    }
  >;
  /** @throws ApiError `overloaded`, `idempotency-mismatch`, `storage-failed` */
  submit(submission: Submission): Promise<{
    readonly jobs: readonly Job[];
    readonly replayed: boolean;
  }>;
  /** @throws ApiError `not-found`, also for jobs of others */
  find(id: string, client: string): Promise<Job>;
  /** Every state that is newer than a revision, and the place of a job that waits when it has changed, until the job has ended or the signal aborts. */
  watch(id: string, client: string, revision: number, signal: AbortSignal): AsyncGenerator<Job>;
  /** The picture of a job that is done, or where it can be fetched. @throws ApiError `job-not-done`, the job's own, `not-found` */
  result(
    id: string,
    client: string,
  ): Promise<
    | {
        readonly mediaType: string;
        readonly bytes: Uint8Array<ArrayBuffer>;
      }
    | {
        readonly link: string;
      }
  >;
  /** One that has not ended is cancelled, one that has is forgotten with its picture. @returns it as it is then, or nothing when forgotten */
  cancel(id: string, client: string): Promise<Job | undefined>;
  close(timeoutMs: number): Promise<void>;
};
export type JobsDeps = {
  readonly queue: JobQueue;
  readonly blobs: BlobStore;
  /** Results from this size on are given by a link, where the store has links. */
  readonly linkFromBytes: number;
  /** Of a picture that its client puts into the store. */
  readonly maxUploadBytes: number;
  /** What became of the jobs' housekeeping, when it failed. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
};
export declare function createJobs({ queue, blobs, linkFromBytes, maxUploadBytes, onError, now }: JobsDeps): Jobs;
/** A job -> the contract's message. */
export declare function toJobMessage({ id, requestId, state, createdAt, startedAt, endedAt, expiresAt, place, progress, outcome }: Job): JobMessage;
