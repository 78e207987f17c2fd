/** A blob store in memory: what tests look into. */
import type { BlobStore } from '../src/jobs/job.ts';

export type MemoryStore = BlobStore & { readonly blobs: ReadonlyMap<string, Uint8Array> };

/** @param link given for every name, where there is one */
export function createMemoryStore(link?: string): MemoryStore {
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    blobs,
    put: async (name, bytes) => void blobs.set(name, new Uint8Array(bytes)),
    get: async (name) => blobs.get(name), // tests keep them small
    delete: async (name) => void blobs.delete(name),
    link: async () => link,
    sweep: async () => {},
  };
}
