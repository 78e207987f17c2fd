/** Files of models and runtime -> from the cache, else from the network, verified; one tab fetches, the others wait. */
import { RestoreError } from '../errors.ts';
import { download, type PartialFile } from './download.ts';
import type { FileCache } from './file-cache.ts';

/** A file and, where it is known, what it must be. */
export type FileFacts = {
  /** Under which it is kept. */
  readonly key: string;
  readonly url: string;
  /** As progress names it. */
  readonly name: string;
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
};

export type ReadOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((loadedBytes: number, totalBytes: number) => void) | undefined;
  /** Told, as a sentence, when a file could not be kept or had to be fetched again. */
  readonly onNote?: ((note: string) => void) | undefined;
};

export type FileStore = { read(file: FileFacts, options?: ReadOptions): Promise<Blob> };

export function createFileStore(cache: FileCache, fetch: typeof globalThis.fetch): FileStore {
  /** What broken-off downloads have left, by key; in memory, as long as the engine lives. */
  const partials = new Map<string, PartialFile>();

  const readCached = async (file: FileFacts, { onNote }: ReadOptions): Promise<Blob | undefined> => {
    const cached = await cache.get(file.key);
    if (cached === undefined) return undefined;
    if ((await findFault(file, cached)) === undefined) return cached;
    onNote?.(`The stored ${file.name} was damaged and was fetched again.`);
    await cache.remove(file.key);
    return undefined;
  };

  const fetchVerified = async (file: FileFacts, { signal, onBytes, onNote }: ReadOptions): Promise<Blob> => {
    const partial = partials.get(file.key) ?? { parts: [], bytes: 0 };
    partials.set(file.key, partial);
    const tell = (loaded: number, total: number | undefined): void => onBytes?.(loaded, file.bytes ?? total ?? loaded);
    const fetchOnce = (reload: boolean): Promise<Blob> =>
      download(file.url, { fetch, signal, onBytes: tell, reload, partial: file.sha256 === undefined ? undefined : partial });
    const fetched = await fetchOnce(false);
    const fault = await findFault(file, fetched);
    if (fault === undefined) return fetched;
    onNote?.(`${file.name} came damaged and was fetched again.`);
    const again = await fetchOnce(true);
    const stillFault = await findFault(file, again);
    if (stillFault === undefined) return again;
    throw new RestoreError('model-corrupt', `${file.name} ${stillFault}; it was fetched twice. Publish the models again.`, {
      details: { file: file.name, url: file.url },
    });
  };

  const readNow = async (file: FileFacts, options: ReadOptions): Promise<Blob> => {
    const cached = await readCached(file, options);
    if (cached !== undefined) {
      options.onBytes?.(cached.size, cached.size);
      return cached;
    }
    const fetched = await fetchVerified(file, options);
    partials.delete(file.key);
    const refusal = await cache.put(file.key, fetched, file.name);
    if (refusal !== undefined) options.onNote?.(refusal);
    return fetched;
  };

  return {
    read(file, options = {}) {
      const work = (): Promise<Blob> => readNow(file, options);
      const { locks } = globalThis.navigator;
      if (locks === undefined) return work(); // two tabs may then both fetch
      return locks.request(`fairweather ${file.key}`, options.signal === undefined ? {} : { signal: options.signal }, work) as Promise<Blob>; // gives what the work gives
    },
  };
}

/** @returns what is wrong with the bytes, as the rest of a sentence */
async function findFault({ bytes, sha256 }: FileFacts, file: Blob): Promise<string | undefined> {
  if (bytes !== undefined && file.size !== bytes) return `must have ${bytes} bytes, it has ${file.size}`;
  if (sha256 === undefined) return undefined;
  if (globalThis.crypto?.subtle === undefined)
    throw new RestoreError('engine-unavailable', 'Expected a secure page (https or localhost), so that models can be verified; serve the page by https.');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return found === sha256 ? undefined : `must have the SHA-256 ${sha256}, it has ${found}`;
}
