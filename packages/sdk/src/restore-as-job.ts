/** A picture handed in as a job -> watched until it ends, fetched and forgotten: what the server accepted is not lost with a connection. */
import type { RestoreOptions, RestoreResult } from './engine-port.ts';
import { cancelJob, type SubmitPlan, submitJobs, waitForJob } from './job-requests.ts';
import type { RequestPlan, Transport } from './transport.ts';

/**
 * An abort cancels the job.
 * @param upload the form with picture and options. Where another engine steps in for a connection that failed, the server is not waited for long
 * @throws RestoreError, as a request for the restoration itself would
 */
export async function restoreAsJob(
  transport: Transport,
  upload: RequestPlan<never> & SubmitPlan,
  { signal, onProgress }: RestoreOptions,
): Promise<RestoreResult> {
  const { message: jobs, requestId } = await submitJobs(transport, upload, 1);
  const { id } = jobs[0] as { readonly id: string }; // there is one
  try {
    const { maxRetries } = transport.settings;
    const { image, report } = await waitForJob(transport, id, { signal, onProgress, ...(upload.retryConnection === false && { maxRetries }) });
    return { image, report: { ...report, run: { ...report.run, requestId } } };
  } finally {
    cancelJob(transport, id, { maxRetries: 0 }).catch(() => {}); // when it fails, the server forgets by itself an hour later
  }
}
