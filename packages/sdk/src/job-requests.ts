/** What can be asked of a server's jobs, over a transport: handed in, shown, waited for, fetched, cancelled. */
import { type JobMessage, type JobsMessage, jobPath, ROUTES } from '@fairweather/core/contract';
import type { OnProgress, RestoreResult } from './engine-port.ts';
import { answerError, RestoreError } from './errors.ts';
import { hasEnded, watchJob } from './job-events.ts';
import { PUT_FROM_BYTES, putUploads } from './put-uploads.ts';
import type { Answer, RequestPlan, Transport } from './transport.ts';

/** For what was accepted the server may be away for two or three minutes. */
export const PATIENT_RETRIES = 30;

export type JobRequest = { readonly signal?: AbortSignal | undefined; readonly maxRetries?: number };

/** What hands pictures in. */
export type SubmitPlan = Omit<RequestPlan<never>, 'path' | 'body'> & { /** With pictures and options. */ readonly body: FormData };

/** What a job's last work is told as. */
const DONE = { phase: 'encode', fraction: 1 } as const;

/** One job a picture. @throws RestoreError `bad-response`, and those of an upload */
export async function submitJobs(transport: Transport, upload: SubmitPlan, count: number): Promise<Answer<readonly JobMessage[]>> {
  const { message, requestId } = await transport.request<JobsMessage>((await planByUpload(transport, upload)) ?? { ...upload, path: ROUTES.jobs });
  if (message.jobs?.length !== count)
    throw new RestoreError('bad-response', `The answer must have ${count} jobs of the Fairweather API, it has not; look at baseUrl.`, { requestId });
  return { message: message.jobs, requestId };
}

/**
 * Large pictures go past the server where it has a storage for them. Not with the caller's own key: sent again, the picture would have another
 * address, and be another request under the same key.
 */
async function planByUpload(transport: Transport, { body, send, onSent, ...plan }: SubmitPlan): Promise<RequestPlan<never> | undefined> {
  const pictures = [...body.values()].filter((value) => typeof value !== 'string');
  const size = pictures.reduce((sum, picture) => sum + picture.size, 0);
  if (plan.key !== undefined || size < PUT_FROM_BYTES * pictures.length) return undefined;
  const uploads = await putUploads(transport, pictures, { signal: plan.signal, ...(send && { send }), ...(onSent && { onSent }) });
  if (uploads === undefined) return undefined;
  const options = new URLSearchParams([...body].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  return { ...plan, path: `${ROUTES.jobs}?${options}`, body: new Blob([JSON.stringify({ uploads })], { type: 'application/json' }) };
}

export async function findJob(transport: Transport, id: string, request: JobRequest): Promise<JobMessage> {
  const { message, requestId } = await transport.request<JobMessage>({ path: jobPath('job', id), ...request });
  if (typeof message.state !== 'string') throw new RestoreError('bad-response', 'The answer is no job of the Fairweather API; look at baseUrl.', { requestId });
  return message;
}

/** Until it has ended, then its picture. @throws RestoreError as `fetchResult` */
export async function waitForJob(
  transport: Transport,
  id: string,
  { signal, onProgress, maxRetries = PATIENT_RETRIES }: JobRequest & { readonly onProgress?: OnProgress | undefined },
): Promise<RestoreResult> {
  let last: JobMessage | undefined;
  for await (const { job } of watchJob(transport, id, { signal, maxRetries })) {
    const { state, place } = job;
    const progress = state === 'done' ? DONE : job.progress; // a short job's work may end before anybody sees it
    // The client's clock sets the time.
    if (state === 'waiting') onProgress?.({ type: 'queue', attempt: 1, waitMs: 0, ...(place === undefined ? {} : { place }), elapsedMs: 0 });
    if (progress !== undefined) onProgress?.({ type: 'work', ...progress, elapsedMs: 0 });
    last = job;
  }
  return fetchResult(transport, last ?? (await findJob(transport, id, { signal, maxRetries })), { signal, maxRetries });
}

/** @throws RestoreError `job-not-done`; the job's own problem; `client-closed` when it was cancelled; `not-found` once it has expired */
export async function fetchResult(transport: Transport, job: JobMessage, request: JobRequest): Promise<RestoreResult> {
  const { id, state, problem, result } = job;
  if (problem !== undefined) throw answerError(problem.status, problem, { requestId: problem.requestId, retryAfterMs: undefined });
  if (!hasEnded(job)) throw new RestoreError('job-not-done', `The job must be done, it is ${state}; wait for it.`, { status: 409, retryable: true });
  if (result === undefined) throw new RestoreError('client-closed', 'The job was cancelled; hand its picture in again.', { retryable: true });
  const { message, requestId } = await transport.request<Blob>({
    path: jobPath('jobResult', id),
    ...request,
    read: (response, broken) => response.blob().catch(broken),
  });
  return {
    image: new Blob([message], { type: result.mediaType }),
    report: { ...result.report, run: { engine: 'remote', fallbacks: [], notes: [], requestId, jobId: id } },
  };
}

/** Cancels what runs, forgets what has ended. */
export async function cancelJob(transport: Transport, id: string, request: JobRequest): Promise<void> {
  await transport.request({ path: jobPath('job', id), ...request, init: { method: 'DELETE' }, read: async () => undefined });
}
