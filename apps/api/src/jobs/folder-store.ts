/** Blobs of jobs in a folder: a file each, written beside and renamed, so that it is whole or not there. */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '../api-error.ts';
import { type BlobStore, pictureTooLarge } from './job.ts';

export async function openFolderStore(folder: string): Promise<BlobStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    async put(name, bytes) {
      const partial = join(folder, `${name}.${crypto.randomUUID()}.partial`);
      try {
        await writeThrough(partial, bytes);
        await rename(partial, join(folder, name));
      } catch (cause) {
        await rm(partial, { force: true });
        throw isFull(cause) ? new ApiError('storage-failed', 'There is no room for the picture; come again later.', { cause, retryAfterSec: 60 }) : cause;
      }
    },
    async get(name, maxBytes = Number.POSITIVE_INFINITY) {
      const facts = await stat(join(folder, name)).catch(absent);
      if (facts !== undefined && facts.size > maxBytes) throw pictureTooLarge(maxBytes, facts.size);
      return readFile(join(folder, name)).then((bytes) => new Uint8Array(bytes), absent);
    },
    delete: (name) => rm(join(folder, name), { force: true }),
    link: async () => undefined,
    async sweep(olderThanMs) {
      const before = Date.now() - olderThanMs;
      for (const name of await readdir(folder)) {
        const facts = await stat(join(folder, name)).catch(absent);
        if (facts !== undefined && facts.mtimeMs < before) await rm(join(folder, name), { force: true });
      }
    },
  };
}

/** On the disk, not only in its cache: an accepted picture outlives a crash of the machine. */
async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isFull(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
}

function absent(cause: unknown): undefined {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
  throw cause;
}
