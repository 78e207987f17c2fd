/** A job's id -> its news as they come, over server-sent events; a stream that breaks off is taken up again where it was. */
import { type JobMessage, jobPath } from '@fairweather/core/contract';
import { withDeadline } from './deadline.ts';
import { RestoreError } from './errors.ts';
import type { JobEvent } from './job-types.ts';
import { withRetries } from './retry.ts';
import type { Transport } from './transport.ts';

export type WatchOptions = {
  readonly lastEventId?: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Attempts to reach the server again without any news in between. */
  readonly maxRetries: number;
};

/** The server gives a sign of life every 15 s; a line that is quiet for three of them is dead. */
const QUIET_MS = 45_000;
/** An event has a few kilobytes. */
const MAX_EVENT_LENGTH = 1_000_000;

/** Ends with the job. @throws RestoreError `not-found`, and what was last wrong when the server stays away; the signal's reason */
export async function* watchJob(
  transport: Transport,
  id: string,
  { lastEventId, signal, maxRetries }: WatchOptions,
): AsyncGenerator<JobEvent, void, undefined> {
  let last = lastEventId;
  let stream: EventStream | undefined;
  const next = async (): Promise<JobEvent | undefined> => {
    stream ??= await openStream(transport, id, last, signal);
    try {
      return await stream.next();
    } catch (error) {
      stream.close();
      stream = undefined; // the next attempt opens another one
      throw error;
    }
  };
  try {
    for (;;) {
      const event = await withRetries(next, signal, { ...transport.settings.platform, maxRetries });
      if (event === undefined) return;
      last = event.id;
      yield event;
      if (hasEnded(event.job)) return;
    }
  } finally {
    stream?.close();
  }
}

export function hasEnded({ state }: JobMessage): boolean {
  return state !== 'waiting' && state !== 'running';
}

type EventStream = {
  /** Nothing when there is nothing more to come. @throws RestoreError `connection-failed`, `timeout`: it broke off; `bad-response` */
  next(): Promise<JobEvent | undefined>;
  close(): void;
};

/** Source: WHATWG HTML, server-sent events; of it what the API sends: `id` and one line of `data`. */
async function openStream(transport: Transport, id: string, last: string | undefined, signal: AbortSignal | undefined): Promise<EventStream> {
  const { message: response, requestId } = await transport.request<Response>({
    path: jobPath('jobEvents', id),
    signal,
    maxRetries: 0, // of the watching as a whole
    init: { headers: { Accept: 'text/event-stream', ...(last === undefined ? {} : { 'Last-Event-ID': last }) } },
    read: async (answer) => answer,
  });
  if (response.status === 204) return { next: async () => undefined, close: () => {} };
  if (response.body === null || !/^text\/event-stream\b/i.test(response.headers.get('Content-Type') ?? '')) throw strange(requestId);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const waiting: string[] = [];
  let rest = '';
  const late = (): RestoreError => new RestoreError('timeout', `The events of job ${id} fell silent; it goes on.`, { retryable: true, requestId });
  return {
    async next() {
      for (;;) {
        for (let block = waiting.shift(); block !== undefined; block = waiting.shift()) {
          const event = parseEvent(block, requestId);
          if (event !== undefined) return event;
        }
        const { done, value } = await withDeadline(signal, QUIET_MS, late, () => reader.read().catch((cause: unknown) => broken(id, requestId, cause)));
        if (done) return broken(id, requestId);
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop() ?? '';
        if (rest.length > MAX_EVENT_LENGTH) throw strange(requestId);
        waiting.push(...blocks);
      }
    },
    close: () => void reader.cancel().catch(() => {}), // it may have broken off by itself
  };
}

/** Nothing for a sign of life. */
function parseEvent(block: string, requestId: string): JobEvent | undefined {
  const fields = new Map(block.split('\n').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
  const [id, data] = [fields.get('id'), fields.get('data')];
  if (data === undefined) return undefined;
  try {
    const job = JSON.parse(data) as JobMessage; // the API's own contract, by its path
    if (id !== undefined && typeof job.state === 'string') return { id, job };
  } catch {} // told below, with what else is no event
  throw strange(requestId);
}

function broken(id: string, requestId: string, cause?: unknown): never {
  const message = `The connection for the events of job ${id} broke off; the job goes on, ask for it again.`;
  throw new RestoreError('connection-failed', message, { requestId, retryable: true, ...(cause === undefined ? {} : { cause }) });
}

function strange(requestId: string): RestoreError {
  return new RestoreError('bad-response', 'The answer has no events of the Fairweather API; look at baseUrl.', { requestId });
}
