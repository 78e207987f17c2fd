/** Large pictures -> into the storage of the server, past it and all that stands before it; their ids out. Nothing where it takes none. */
import { ROUTES, type UploadMessage } from '@fairweather/core/contract';
import { withDeadline } from './deadline.ts';
import { answerError, isRestoreError, RestoreError } from './errors.ts';
import { withRetries } from './retry.ts';
import type { RequestPlan, Transport } from './transport.ts';
import { createXhrFetch } from './upload-xhr.ts';

/** Pictures of this size and more, on average: the one request more that each of them takes is little beside their upload. */
export const PUT_FROM_BYTES: number = 8 * 1024 * 1024;

/**
 * @returns undefined where the pictures must be sent to the server itself: it has no storage that takes them, or the storage was not reached (a
 * bucket whose CORS rule leaves this page out looks like that)
 * @throws RestoreError those of a request, among them `too-large`
 */
export async function putUploads(
  transport: Transport,
  pictures: readonly Blob[],
  { signal, send, onSent }: Pick<RequestPlan<never>, 'signal' | 'send' | 'onSent'>,
): Promise<readonly string[] | undefined> {
  const total = pictures.reduce((sum, { size }) => sum + size, 0);
  const ids: string[] = [];
  let before = 0;
  for (const picture of pictures) {
    const place = await askForPlace(transport, picture.size, signal);
    if (place === undefined) return undefined;
    const tell = (sent: number, all: number): void => onSent?.(before + (picture.size * sent) / Math.max(1, all), total);
    tell(0, 1);
    try {
      await put(transport, place, picture, signal, send && createXhrFetch(tell));
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRestoreError(error)) throw error;
      return undefined; // what keeps the server from it as well, it says itself
    }
    tell(1, 1);
    before += picture.size;
    ids.push(place.id);
  }
  return ids;
}

async function askForPlace(transport: Transport, bytes: number, signal: AbortSignal | undefined): Promise<UploadMessage | undefined> {
  try {
    return (await transport.request<UploadMessage>({ path: `${ROUTES.uploads}?bytes=${bytes}`, signal, init: { method: 'POST' } })).message;
  } catch (error) {
    if (isRestoreError(error) && (error.status === 404 || error.status === 405)) return undefined;
    throw error;
  }
}

/** Tried twice. Key and headers of the server are none of the storage's. */
function put(
  { settings: { fetch, platform, timeoutMs } }: Transport,
  { url, method, headers }: UploadMessage,
  body: Blob,
  signal: AbortSignal | undefined,
  send: typeof globalThis.fetch = fetch,
): Promise<void> {
  const late = (): RestoreError => new RestoreError('timeout', `The storage did not answer within ${timeoutMs} ms.`, { retryable: true });
  const attempt = (): Promise<void> =>
    withDeadline(signal, timeoutMs, late, async (running) => {
      const response = await send(url, { method, headers: withoutLength(headers), body, signal: running }).catch((cause: unknown) => {
        throw new RestoreError('connection-failed', 'The storage was not reached.', { cause, retryable: true });
      });
      if (!response.ok) throw answerError(response.status, undefined, { requestId: undefined, retryAfterMs: undefined });
      await response.body?.cancel();
    });
  return withRetries(attempt, signal, { ...platform, maxRetries: 1 });
}

/** Counted by the runtime itself; a browser refuses who sets it. */
function withoutLength(headers: UploadMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length'));
}
