/** A restoration asked for with its progress -> news as they come, then the restored picture: an answer of lines of JSON with the picture behind them. */
import type { PROGRESS_TYPE, RestoreEvent } from '@fairweather/core/contract';
import type { OnProgress } from './engine-port.ts';
import { answerError, RestoreError } from './errors.ts';
import type { RequestPlan } from './transport.ts';

// Written out, though the compiler holds it to the contract: its table would bring all its words along.
const TYPE: typeof PROGRESS_TYPE = 'application/vnd.fairweather.progress';
/** A report has a few kilobytes. */
const MAX_LINE_BYTES = 1_000_000;

/** What came, before anybody has looked at it: the `result` with its picture, or, of a server that tells no progress, a `RestoreMessage`. */
type Came = { readonly image?: { readonly blob?: Blob } };

/** The parts of a request that ask for progress and tell it. A server that knows none of it answers with JSON, as to who asks for none. */
export function askForProgress(onProgress: OnProgress): Pick<RequestPlan<Came>, 'init' | 'read'> {
  return {
    init: { headers: { Accept: `${TYPE}, application/json` } },
    async read(response, broken) {
      const told = response.headers.get('Content-Type')?.startsWith(TYPE) === true;
      if (!told || response.body === null) return parseMessage(await response.text().catch(broken));
      const reader = response.body.getReader();
      try {
        return await readLines(() => reader.read().catch(broken), onProgress, broken);
      } finally {
        reader.cancel().catch(() => {}); // it has ended, or is given up
      }
    },
  };
}

function parseMessage(text: string): Came {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message === 'object' && message !== null) return message;
  } catch {} // told below, with what else is no message
  throw strange();
}

async function readLines(
  next: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> | undefined }>,
  onProgress: OnProgress,
  broken: (cause: unknown) => never,
): Promise<Came> {
  let rest = new Uint8Array();
  for (;;) {
    const { done, value } = await next();
    if (done || value === undefined) return broken(new Error('the answer ended before the picture'));
    rest = join(rest, value);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const event = end === 0 ? undefined : parseLine(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      if (event === undefined) continue; // a sign of life
      if (event.type === 'problem') {
        const { problem, retryAfter } = event;
        throw answerError(problem.status, problem, { requestId: problem.requestId, retryAfterMs: retryAfter === undefined ? undefined : retryAfter * 1000 });
      }
      if (event.type === 'result') return { ...event, image: { ...event.image, blob: await readPicture(event.image, rest, next, broken) } };
      // The client's clock sets the time.
      onProgress(event.type === 'place' ? { type: 'queue', attempt: 1, waitMs: 0, place: event.place, elapsedMs: 0 } : { ...event, elapsedMs: 0 });
    }
    if (rest.length > MAX_LINE_BYTES) throw strange();
  }
}

async function readPicture(
  { bytes, mediaType }: Extract<RestoreEvent, { readonly type: 'result' }>['image'],
  first: Uint8Array<ArrayBuffer>,
  next: Parameters<typeof readLines>[0],
  broken: (cause: unknown) => never,
): Promise<Blob> {
  const parts = [first];
  let length = first.length;
  // To its end, so that the connection can be used again.
  while (length <= bytes) {
    const { done, value } = await next();
    if (!done && value !== undefined) {
      parts.push(value);
      length += value.length;
    } else if (length === bytes) return new Blob(parts, { type: mediaType });
    else return broken(new Error(`the picture ended after ${length} of ${bytes} bytes`));
  }
  throw strange();
}

function parseLine(line: Uint8Array): RestoreEvent {
  try {
    const event = JSON.parse(new TextDecoder().decode(line)) as RestoreEvent; // the API's own contract, by its media type
    if (typeof event.type === 'string') return event;
  } catch {} // told below, with what else is no line
  throw strange();
}

function join(one: Uint8Array<ArrayBuffer>, other: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (one.length === 0) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function strange(): RestoreError {
  return new RestoreError('bad-response', 'The answer has no progress of the Fairweather API; look at baseUrl.');
}
