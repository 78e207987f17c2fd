/** A job -> its outcome: the picture out of the store, through the engine, the result into the store. */
import { ApiError, describeFailure } from '../api-error.ts';
import type { Engine } from '../engine/engine.ts';
import type { WorkProgress } from '../engine/messages.ts';
import { type BlobStore, inputName, type Job, type JobHandlers, type JobOutcome, type JobProgress, resultName } from './job.ts';

/** Not the picture's fault and soon over: the job waits for this server, or goes to another one. */
const COME_AGAIN: readonly string[] = ['not-ready', 'overloaded', 'shutting-down'];

export function createJobRunner({ engine, blobs }: { readonly engine: Engine; readonly blobs: BlobStore }): JobHandlers['run'] {
  return async (job, signal, report) => {
    try {
      return await restore(job, signal, report);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { problem } = describeFailure(error, job.requestId);
      if (COME_AGAIN.includes(problem.code)) throw error;
      return { state: 'failed', code: problem.code, detail: problem.detail };
    }
  };

  async function restore({ id, client, options }: Job, signal: AbortSignal, report: (progress: JobProgress) => void): Promise<JobOutcome> {
    const input = await blobs.get(inputName(id), options.limits?.maxBytes);
    if (input === undefined) throw new Error(`The picture of job ${id} is not in the store.`);
    const place = engine.reserve(client, { beyondLimits: true }); // bounded by the queue's concurrency
    try {
      const { result } = await place.run({ kind: 'restore', input, options }, signal, (progress) => {
        if (progress.type !== 'step') report(toJobProgress(progress));
      });
      await blobs.put(resultName(id), result.image).catch((cause: unknown) => {
        throw cause instanceof ApiError ? cause : new ApiError('storage-failed', 'The result could not be kept; send the picture again.', { cause });
      });
      const { mediaType, width, height, image, report: restoreReport } = result;
      return { state: 'done', mediaType, width, height, bytes: image.length, report: restoreReport };
    } finally {
      place.release();
    }
  }
}

function toJobProgress(progress: Exclude<WorkProgress, { readonly type: 'step' }>): JobProgress {
  if (progress.type === 'tile') return { phase: 'restore', fraction: progress.tile / progress.tiles };
  return { phase: progress.phase, fraction: progress.phase === 'encode' ? 1 : 0 };
}
