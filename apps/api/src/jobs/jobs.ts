/** Pictures with their options -> accepted jobs; jobs -> what their clients see of them. Pictures lie in a blob store, all else in a queue. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ERROR_TABLE, type JobMessage, jobPath } from '@fairweather/core/contract';
import { ApiError } from '../api-error.ts';
import type { WorkOptions } from '../engine/messages.ts';
import {
  type BlobStore,
  createUploadId,
  pictureTooLarge,
  type UploadLink,
  uploadName,
  type UploadStore,
  createJobId,
  inputName,
  type Job,
  type JobQueue,
  type JobSpec,
  resultName,
} from './job.ts';

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
  readonly offerUpload?: (client: string, bytes: number) => Promise<UploadLink & { readonly id: string }>;
  /** @throws ApiError `overloaded`, `idempotency-mismatch`, `storage-failed` */
  submit(submission: Submission): Promise<{ readonly jobs: readonly Job[]; readonly replayed: boolean }>;
  /** @throws ApiError `not-found`, also for jobs of others */
  find(id: string, client: string): Promise<Job>;
  /** Every state that is newer than a revision, and the place of a job that waits when it has changed, until the job has ended or the signal aborts. */
  watch(id: string, client: string, revision: number, signal: AbortSignal): AsyncGenerator<Job>;
  /** The picture of a job that is done, or where it can be fetched. @throws ApiError `job-not-done`, the job's own, `not-found` */
  result(id: string, client: string): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array<ArrayBuffer> } | { readonly link: string }>;
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

const WATCH_MS = 250;
const EXPIRE_MS = 30_000;
/** A picture whose job was never accepted, because the server ended in between, is deleted after this. */
const ORPHAN_MS = 24 * 3_600_000;

export function createJobs({ queue, blobs, linkFromBytes, maxUploadBytes, onError, now = Date.now }: JobsDeps): Jobs {
  const closing = new AbortController();
  const housekeeping = keepHouse();
  const { uploads } = blobs;
  return {
    submit,
    find,
    watch,
    result,
    cancel,
    close,
    ...(uploads === undefined ? {} : { offerUpload: (client, bytes) => offerUpload(uploads, client, bytes) }),
  };

  async function submit({ client, requestId, pictures, options, webhook, idempotencyKey: key }: Submission): ReturnType<Jobs['submit']> {
    const specs = pictures.map((): JobSpec => ({ id: createJobId(), client, requestId, options, createdAt: now(), webhook }));
    const idempotency = key === undefined ? undefined : { client, key, fingerprint: fingerprintOf(pictures, options, webhook) };
    let accepted: readonly string[] = [];
    const uploaded = pictures.filter((picture) => typeof picture === 'string').map((id) => uploadName(id, client));
    if (uploaded.length > 0 && idempotency !== undefined) {
      const before = await guard(() => queue.replay(idempotency)); // what was uploaded is no longer there
      if (before !== undefined) return { jobs: await Promise.all(before.map((id) => find(id, client))), replayed: true };
    }
    try {
      await Promise.all(specs.map(({ id }, i) => putInput(inputName(id), pictures[i] as Uint8Array | string, client))); // a spec a picture
      const { ids, replayed } = await guard(() => queue.add(specs, idempotency));
      accepted = ids;
      await Promise.all(uploaded.map((name) => blobs.delete(name))).catch(onError); // else it goes by the bucket's lifecycle rule
      return { jobs: await Promise.all(ids.map((id) => find(id, client))), replayed };
    } finally {
      await Promise.all(specs.filter(({ id }) => !accepted.includes(id)).map(({ id }) => blobs.delete(inputName(id)))).catch(onError);
    }
  }

  async function putInput(name: string, picture: Uint8Array | string, client: string): Promise<void> {
    if (typeof picture !== 'string') return guard(() => blobs.put(name, picture));
    const from = uploadName(picture, client);
    const bytes = await guard(async () => uploads?.size(from));
    if (bytes === undefined)
      throw new ApiError('not-found', `There is no picture under the upload ${picture}; put it to the address that came with the id, then send this again.`);
    if (bytes === 0) throw new ApiError('empty-input', `Expected a picture under the upload ${picture}, got zero bytes.`);
    if (bytes > maxUploadBytes) {
      await guard(() => blobs.delete(from));
      throw pictureTooLarge(maxUploadBytes, bytes);
    }
    await guard(async () => uploads?.copy(from, name));
  }

  async function offerUpload({ link }: UploadStore, client: string, bytes: number): Promise<UploadLink & { readonly id: string }> {
    if (bytes > maxUploadBytes) throw pictureTooLarge(maxUploadBytes, bytes);
    const id = createUploadId();
    return { id, ...(await guard(() => link(uploadName(id, client), bytes))) };
  }

  async function find(id: string, client: string): Promise<Job> {
    const job = /^job_[0-9a-f]{32}$/.test(id) ? await guard(() => queue.find(id)) : undefined;
    if (job === undefined || job.client !== client) throw new ApiError('not-found', 'There is no such job, or it has expired.');
    return job;
  }

  async function* watch(id: string, client: string, revision: number, signal: AbortSignal): AsyncGenerator<Job> {
    let [seen, place]: [number, number | undefined] = [revision, undefined];
    while (!signal.aborted && !closing.signal.aborted) {
      const job = await find(id, client);
      if (job.revision > seen || job.place !== place) yield job;
      [seen, place] = [Math.max(seen, job.revision), job.place];
      if (job.outcome !== undefined) return;
      await wait(WATCH_MS, undefined, { signal }).catch(() => {}); // an abort ends the loop
    }
  }

  async function result(id: string, client: string): ReturnType<Jobs['result']> {
    const { state, outcome } = await find(id, client);
    if (outcome === undefined) throw new ApiError('job-not-done', `The job must be done, it is ${state}; come again later.`, { retryAfterSec: 2 });
    if (outcome.state === 'failed') throw new ApiError(outcome.code, outcome.detail);
    const name = resultName(id);
    if (outcome.state === 'cancelled') throw new ApiError('not-found', 'The job was cancelled, it has no result.');
    const link = outcome.bytes < linkFromBytes ? undefined : await guard(() => blobs.link(name, outcome.mediaType));
    if (link !== undefined) return { link };
    const bytes = await guard(() => blobs.get(name));
    if (bytes === undefined) throw new ApiError('not-found', 'The result has expired.');
    return { mediaType: outcome.mediaType, bytes };
  }

  async function cancel(id: string, client: string): Promise<Job | undefined> {
    const { outcome } = await find(id, client);
    if (outcome === undefined) {
      await guard(() => queue.cancel(id));
      return find(id, client);
    }
    await forget(id);
    await guard(() => queue.remove(id));
    return undefined;
  }

  async function forget(id: string): Promise<void> {
    await guard(() => Promise.all([blobs.delete(inputName(id)), blobs.delete(resultName(id))]));
  }

  async function keepHouse(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        for (const id of await queue.expire()) await forget(id);
        await blobs.sweep(ORPHAN_MS);
      } catch (error) {
        onError(error);
      }
      await wait(EXPIRE_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {}); // an abort ends the loop
    }
  }

  async function close(timeoutMs: number): Promise<void> {
    closing.abort();
    await housekeeping;
    await queue.close(timeoutMs);
  }
}

/** A job -> the contract's message. */
export function toJobMessage({ id, requestId, state, createdAt, startedAt, endedAt, expiresAt, place, progress, outcome }: Job): JobMessage {
  return {
    id,
    state,
    createdAt: toIso(createdAt),
    ...(startedAt === undefined ? {} : { startedAt: toIso(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: toIso(endedAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt) }),
    ...(place === undefined ? {} : { place }),
    ...(progress === undefined ? {} : { progress }),
    ...(outcome?.state === 'done' ? { result: withoutState(outcome) } : {}),
    ...(outcome?.state === 'failed' ? { problem: toProblem(outcome, requestId) } : {}),
    links: { self: jobPath('job', id), events: jobPath('jobEvents', id), result: jobPath('jobResult', id) },
  };
}

function withoutState<T extends { readonly state: unknown }>({ state: _, ...rest }: T): Omit<T, 'state'> {
  return rest;
}

function toProblem(
  { code, detail }: { readonly code: keyof typeof ERROR_TABLE; readonly detail: string },
  requestId: string,
): NonNullable<JobMessage['problem']> {
  const { status, title, retryable } = ERROR_TABLE[code];
  return { type: 'about:blank', title, status, detail, code, requestId, retryable };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}

function fingerprintOf(pictures: readonly (Uint8Array | string)[], options: WorkOptions, webhook: string | undefined): string {
  const hash = createHash('sha256').update(JSON.stringify({ options, webhook, lengths: pictures.map(({ length }) => length) }));
  for (const picture of pictures) hash.update(picture);
  return hash.digest('hex');
}

/** What queue or store cannot do now is no fault of the request. */
async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new ApiError('storage-failed', 'Jobs cannot be kept or read at the moment; come again later.', { cause, retryAfterSec: 5 });
  }
}
