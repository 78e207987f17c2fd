import type { Phase, RestoreReport } from '@fairweather/core';
import type { ApiErrorCode, JobMessage, JobState } from '@fairweather/core/contract';
import { ApiError } from '../api-error.ts';
import type { WorkOptions } from '../engine/messages.ts';
/** What was asked for; kept with the queue, as JSON. The picture is kept apart. */
export type JobSpec = {
  readonly id: string;
  /** Whose it is: `key:<id>` or `address:<ip>`. Fairness goes by it, and nobody else may see the job. */
  readonly client: string;
  /** Of the request that brought it; in log lines and problems. */
  readonly requestId: string;
  readonly options: WorkOptions;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Told when the job has ended. */
  readonly webhook?: string | undefined;
};
/** A result that lies in the blob store, as `resultKey` names it. */
export type DoneOutcome = {
  readonly state: 'done';
  readonly mediaType: JobResult['mediaType'];
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly report: RestoreReport;
};
export type FailedOutcome = {
  readonly state: 'failed';
  readonly code: ApiErrorCode;
  readonly detail: string;
};
/** How a job ends: once, and for good. */
export type JobOutcome =
  | DoneOutcome
  | FailedOutcome
  | {
      readonly state: 'cancelled';
    };
type JobResult = NonNullable<JobMessage['result']>;
/** `fraction` of the tiles, 0 to 1. */
export type JobProgress = {
  readonly phase: Phase;
  readonly fraction: number;
};
export type Job = JobSpec & {
  readonly state: JobState;
  /** Grows with everything that can be seen of the job. */
  readonly revision: number;
  /** While it waits: 1 for the next to be begun, at most `LAST_PLACE`. It changes without the revision. */
  readonly place: number | undefined;
  readonly progress: JobProgress | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** Record and result are deleted then. */
  readonly expiresAt: number | undefined;
  readonly outcome: JobOutcome | undefined;
};
/** The same key of the same client with the same content gives the same jobs. */
export type Idempotency = {
  readonly client: string;
  readonly key: string /** Of pictures and options. */;
  readonly fingerprint: string;
};
/** What a queue calls. Both may be called again for the same job after a crash: the second time changes nothing. */
export type JobHandlers = {
  /** @throws what says that this server cannot do it now: then the job goes back to the queue */
  run(job: Job, signal: AbortSignal, report: (progress: JobProgress) => void): Promise<JobOutcome>;
  /** @throws when the receiver did not take it: tried again later */
  notify(job: Job): Promise<void>;
};
export type JobCounts = {
  readonly waiting: number;
  readonly running: number;
};
/** Accepted jobs, in fair order; nothing accepted is lost, whatever process ends. */
export type JobQueue = {
  /**
   * All of the jobs or none.
   * @returns the jobs' ids: those of the first time when the idempotency key has been seen
   * @throws ApiError `overloaded`, `idempotency-mismatch`
   */
  add(
    specs: readonly JobSpec[],
    idempotency?: Idempotency,
  ): Promise<{
    readonly ids: readonly string[];
    readonly replayed: boolean;
  }>;
  /** The jobs that an idempotency key stands for. @throws ApiError `idempotency-mismatch` */
  replay(idempotency: Idempotency): Promise<readonly string[] | undefined>;
  find(id: string): Promise<Job | undefined>;
  /** Asks a job to end; one that waits ends at once. */
  cancel(id: string): Promise<void>;
  /** Forgets an ended job. */
  remove(id: string): Promise<void>;
  counts(): Promise<JobCounts>;
  /** Begins to take jobs. */
  start(handlers: JobHandlers): void;
  /** Forgets ended jobs whose time is over. @returns their ids */
  expire(): Promise<readonly string[]>;
  /** Takes no more, waits for what runs, up to the time; the rest goes back to the queue. */
  close(timeoutMs: number): Promise<void>;
};
export type QueueSettings = {
  /** Told of what failed for the moment: a full disk, a lost connection. The queue goes on by itself. */
  readonly onError: (error: unknown) => void;
  /** Told once a job has ended, whatever its end: its input is needed no more. */
  readonly onEnded: (id: string) => void;
  /** Jobs at a time. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly maxWaiting: number;
  /** Of an ended job. */
  readonly keepMs: number;
  /** Times an inference is begun before its job is given up: servers that end while they are at it. Those that only had it at hand do not count. */
  readonly maxStarts: number;
  /** Before the n-th delivery of a webhook, n from 1; `undefined`: no more. */
  readonly webhookDelayMs: (attempt: number) => number | undefined;
};
/** Bytes by name, for jobs: `<id>.input`, `<id>.result`. */
export type BlobStore = {
  /** Whole or not at all. @throws ApiError `storage-failed` when there is no room; Error */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** @param maxBytes more is not read. @throws ApiError `too-large` */
  get(name: string, maxBytes?: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** One that is not there is no error. */
  delete(name: string): Promise<void>;
  /** An address that gives the bytes without this server, for a short time; `undefined` where there is none. */
  link(name: string, mediaType: string): Promise<string | undefined>;
  /** Deletes what is older than this. */
  sweep(olderThanMs: number): Promise<void>;
  /** Where clients may put blobs without this server; left out where there is no such place. */
  readonly uploads?: UploadStore;
};
export type UploadStore = {
  /** An address that takes exactly so many bytes, for a short time. */
  link(name: string, bytes: number): Promise<UploadLink>;
  /** How many bytes lie there, without reading them. */
  size(name: string): Promise<number | undefined>;
  /** Without reading it here. */
  copy(from: string, to: string): Promise<void>;
};
export type UploadLink = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>> /** Milliseconds since 1970. */;
  readonly expiresAt: number;
};
export declare function inputName(id: string): string;
export declare function resultName(id: string): string;
/** Of a picture that a client has put there, `up_<32 hexadecimal digits>`; its client is in the name, so that nobody else can refer to it. */
export declare function uploadName(id: string, client: string): string;
/** No dash, no colon, never a number: every queue takes it. */
export declare function createJobId(): string;
/** What is told of all places from there on: counting them would cost more than it says. */
export declare const LAST_PLACE = 1000;
export declare function createUploadId(): string;
/** Of an ended job; no other has one as large. */
export declare const ENDED_REVISION = 1000000000;
/** @param starts how often the job was taken; @param reports of its progress since */
export declare function revisionOf(state: JobState, starts: number, reports: number): number;
/** The outcome of a job that was begun too often. */
export declare function givenUp(starts: number): FailedOutcome;
export declare function pictureTooLarge(maxBytes: number, bytes: number): ApiError;
export declare function idempotencyMismatch(): ApiError;
