/** A picture handed in as a job -> watched until it ends, fetched and forgotten: what the server accepted is not lost with a connection. */
import { type JobMessage, type JobsMessage, jobPath, ROUTES } from '@fairweather/core/contract';
import type { RestoreOptions, RestoreResult } from './engine-port.ts';
import { answerError, RestoreError } from './errors.ts';
import type { RequestPlan, Transport } from './transport.ts';

/**
 * An abort cancels the job.
 * @param upload the form with picture and options
 * @throws RestoreError, as a request for the restoration itself would
 */
export async function restoreAsJob(transport: Transport, upload: RequestPlan<never>, { signal, onProgress }: RestoreOptions): Promise<RestoreResult> {
  const { message, requestId } = await transport.request<JobsMessage>({ ...upload, path: ROUTES.jobs });
  const [accepted] = message.jobs ?? [];
  if (accepted === undefined) throw new RestoreError('bad-response', 'The answer has no job of the Fairweather API; look at baseUrl.', { requestId });
  const { id } = accepted;
  try {
    const ended = await watchJob(transport, accepted, signal, onProgress);
    if (ended.problem !== undefined) throw answerError(ended.problem.status, ended.problem, { requestId, retryAfterMs: undefined });
    if (ended.result === undefined)
      throw new RestoreError('client-closed', 'The job was cancelled on the server; hand it in again.', { requestId, retryable: true });
    const image = await transport.request<Blob>({ path: jobPath('jobResult', id), signal, read: (response, broken) => response.blob().catch(broken) });
    const { mediaType, report } = ended.result;
    return {
      image: new Blob([image.message], { type: mediaType }),
      report: { ...report, run: { engine: 'remote', fallbacks: [], notes: [], requestId, jobId: id } },
    };
  } finally {
    // Cancels what runs, forgets what has ended. When it fails, the server forgets by itself an hour later.
    transport.request({ path: jobPath('job', id), maxRetries: 0, init: { method: 'DELETE' }, read: async () => undefined }).catch(() => {});
  }
}

/** Server-sent events until the job has ended; a stream that breaks off is taken up again where it was. */
async function watchJob(transport: Transport, job: JobMessage, signal: AbortSignal | undefined, onProgress: RestoreOptions['onProgress']): Promise<JobMessage> {
  let last = job;
  let lastId: string | undefined;
  const take = (event: ServerEvent): void => {
    lastId = event.id ?? lastId;
    const now = JSON.parse(event.data) as JobMessage; // the API's own contract, by its path
    if (now.state === 'waiting') onProgress?.({ type: 'queue', attempt: 1, waitMs: 0, elapsedMs: 0 }); // the client's clock sets the time
    if (now.progress !== undefined) onProgress?.({ type: 'work', ...now.progress, elapsedMs: 0 });
    last = now;
  };
  while (last.state === 'waiting' || last.state === 'running') {
    const before = lastId;
    try {
      await transport.request<void>({
        path: jobPath('jobEvents', job.id),
        signal,
        init: { headers: { Accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'Last-Event-ID': lastId }) } },
        read: (response, broken) => readEvents(response, take, broken),
      });
    } catch (error) {
      // As long as there is news between two cuts, one cut more is no reason to give up.
      if (!(error instanceof RestoreError) || !error.retryable || lastId === before) throw error;
    }
  }
  return last;
}

type ServerEvent = { readonly id: string | undefined; readonly data: string };

/** Source: WHATWG HTML, server-sent events; of it what the API sends: `id` and one line of `data`. */
async function readEvents(response: Response, take: (event: ServerEvent) => void, broken: (cause: unknown) => never): Promise<void> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch(broken);
    if (done) return;
    const events = (rest + value).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const field = (name: string): string | undefined =>
        event
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const data = field('data');
      if (data !== undefined) take({ id: field('id'), data });
    }
  }
}
