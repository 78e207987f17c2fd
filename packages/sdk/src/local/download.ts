/** A URL -> its bytes, with progress; a connection that breaks off goes on where it ended. */
import { RestoreError } from '../errors.ts';

/** What has come of a file so far. Kept by the caller, so that a later call may go on. */
export type PartialFile = { parts: Blob[]; bytes: number };

export type DownloadOptions = {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((loadedBytes: number, totalBytes: number | undefined) => void) | undefined;
  /** Whether to go on in the middle; only for files whose hash is checked afterwards. */
  readonly partial?: PartialFile | undefined;
  /** Past the browser's HTTP cache, for a file that proved wrong. */
  readonly reload?: boolean;
  /** Milliseconds to wait before the second and third attempt. @default [300, 1000] */
  readonly pausesMs?: readonly number[];
};

/**
 * Up to three attempts.
 * @throws RestoreError `offline`, `connection-failed`, `model-not-found` (404 and the like); an abort throws the signal's reason
 */
export async function download(url: string, options: DownloadOptions): Promise<Blob> {
  const pauses = options.pausesMs ?? [300, 1000];
  const partial = options.partial ?? { parts: [], bytes: 0 };
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetchRest(url, partial, options);
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (cause instanceof RestoreError) throw cause;
      if (globalThis.navigator?.onLine === false)
        throw new RestoreError(
          'offline',
          `Expected ${nameOf(url)} on this device, it is not, and there is no network; go online once, or call preload() while you are.`,
          {
            cause,
            details: { url },
            retryable: true,
          },
        );
      const pause = pauses[attempt];
      if (pause === undefined)
        throw new RestoreError('connection-failed', `${nameOf(url)} could not be fetched from ${new URL(url).origin}: ${String(cause)}`, {
          cause,
          details: { url },
          retryable: true,
        });
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function fetchRest(url: string, partial: PartialFile, { fetch, signal, onBytes, reload, partial: kept }: DownloadOptions): Promise<Blob> {
  if (kept === undefined) restart(partial);
  const response = await fetch(url, {
    ...(signal === undefined ? {} : { signal }),
    ...(reload ? { cache: 'reload' as const } : {}),
    ...(partial.bytes > 0 ? { headers: { range: `bytes=${partial.bytes}-` } } : {}),
  });
  if (partial.bytes > 0 && response.status !== 206) restart(partial); // the server sends all of it again
  if (response.status === 416) throw new Error('The server has no such range.');
  if (!response.ok) refuseStatus(url, response.status);
  const stated = response.headers.get('content-encoding') === null ? response.headers.get('content-length') : null; // the length of what is sent, not of what it becomes
  const total = stated === null ? undefined : partial.bytes + Number(stated);
  for await (const part of chunks(response)) {
    partial.parts.push(new Blob([part]));
    partial.bytes += part.length;
    onBytes?.(partial.bytes, total);
  }
  if (total !== undefined && partial.bytes < total) throw new Error(`The connection broke off after ${partial.bytes} of ${total} bytes.`);
  const whole = new Blob(partial.parts);
  restart(partial);
  return whole;
}

function restart(partial: PartialFile): void {
  partial.parts = [];
  partial.bytes = 0;
}

async function* chunks({ body }: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body?.getReader();
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) yield read.value;
}

function refuseStatus(url: string, status: number): never {
  if (status >= 500 || status === 408 || status === 429) throw new Error(`the server answers ${status}`);
  throw new RestoreError('model-not-found', `Expected ${nameOf(url)} at ${url}, the server answers ${status}; look at the options models and assets.`, {
    status,
    details: { url },
  });
}

function nameOf(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? url;
}
