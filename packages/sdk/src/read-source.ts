/** A stream, an address or a path -> the bytes of the picture there, as a Blob; never more than the limit in memory. */
import { RestoreError } from './errors.ts';
import { MAX_BYTES, type ReadOptions, tooLarge } from './input-limit.ts';

/** @throws RestoreError `too-large`, `invalid-option`, `not-found`, `connection-failed` */
export async function readSource(source: ReadableStream<Uint8Array> | URL | string, options: ReadOptions): Promise<Blob> {
  if (source instanceof ReadableStream) return readStream(source, options);
  if (source instanceof URL || typeof source === 'string') return readPlace(source, options);
  throw new RestoreError(
    'invalid-option',
    `The picture must be a Blob, bytes, a stream, pixels, a URL or a path, got ${Object.prototype.toString.call(source)}.`,
  );
}

/** The stream is given up when there is more than the limit. */
async function readStream(stream: ReadableStream<Uint8Array>, { maxBytes = MAX_BYTES, signal }: Omit<ReadOptions, 'fetch'>): Promise<Blob> {
  const reader = stream.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const stop = (): void => void reader.cancel(signal?.reason).catch(() => {}); // the read below ends, and the abort is told
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return new Blob(chunks);
      length += value.length;
      if (length > maxBytes) throw tooLarge(maxBytes, 'it has more');
      chunks.push(value as Uint8Array<ArrayBuffer>); // a stream hands its chunks over
    }
  } catch (error) {
    reader.cancel(error).catch(() => {}); // given up; why is told by `error`
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function readPlace(place: URL | string, options: ReadOptions): Promise<Blob> {
  const url =
    place instanceof URL
      ? place
      : /^(https?|data|blob|file):/i.test(place)
        ? new URL(place)
        : typeof document === 'undefined'
          ? undefined
          : new URL(place, document.baseURI);
  if (url === undefined || url.protocol === 'file:') return openPath(url ?? (place as string)); // a string that is no URL
  const { fetch, signal, maxBytes = MAX_BYTES } = options;
  const response = await fetch(url, signal === undefined ? {} : { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new RestoreError('connection-failed', `The picture at ${url.host || url.protocol} could not be fetched; look at the address and the network.`, {
      cause,
      retryable: true,
    });
  });
  if (!response.ok || response.body === null)
    throw new RestoreError('not-found', `Expected a picture at ${url.host}${url.pathname}, the server answered ${response.status}.`, {
      status: response.status,
    });
  const declared = Number(response.headers.get('Content-Length') ?? 0);
  if (declared > maxBytes) {
    await response.body.cancel();
    throw tooLarge(maxBytes, `it has ${declared}`);
  }
  return readStream(response.body, options);
}

/** A handle where the runtime has one: its size is known before it is read. */
async function openPath(path: URL | string): Promise<Blob> {
  const fs = await importFileSystem();
  try {
    if (fs.openAsBlob !== undefined) return await fs.openAsBlob(path);
    return new Blob([await fs.promises.readFile(path)]);
  } catch (cause) {
    throw new RestoreError('not-found', `The file ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

type FileSystem = {
  readonly openAsBlob?: (path: URL | string) => Promise<Blob>;
  readonly promises: { readFile(path: URL | string): Promise<Uint8Array<ArrayBuffer>> };
};

/** Hidden from bundlers, which would put a file system into pages. */
async function importFileSystem(): Promise<FileSystem> {
  const name = 'node:fs';
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name).catch((cause: unknown) => {
    throw new RestoreError('invalid-option', 'A path can be read in Node, Deno and Bun only; hand over a File or a URL.', { cause });
  });
}
