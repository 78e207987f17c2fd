/** Files by a key -> kept in the browser's Cache API as long as it likes, if there is room; nothing fails for want of it. */

const CACHE_NAME = 'fairweather-files-1';
/** Keys become addresses that nobody serves. */
const KEY_BASE = 'https://fairweather.invalid/';

export type StoredFile = { readonly key: string; readonly bytes: number };

export type FileCache = {
  get(key: string): Promise<Blob | undefined>;
  /** @returns why the file could not be kept, as a sentence; nothing when it was */
  put(key: string, file: Blob, name: string): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Whether some key starts so. */
  hasAny(prefix: string): Promise<boolean>;
  /** Every key, and what its file weighs. */
  list(): Promise<readonly StoredFile[]>;
  clear(): Promise<void>;
};

export function createFileCache(): FileCache {
  /** Undefined where there is no Cache API (insecure pages), or where the browser forbids it (some private windows). */
  const open = async (): Promise<Cache | undefined> => {
    try {
      return typeof caches === 'undefined' ? undefined : await caches.open(CACHE_NAME);
    } catch {
      return undefined;
    }
  };
  const address = (key: string): string => KEY_BASE + key;
  return {
    async get(key) {
      return (await (await open())?.match(address(key)))?.blob();
    },
    async put(key, file, name) {
      const cache = await open();
      if (cache === undefined) return 'This browser offers no storage here, so files are fetched anew every time.';
      const left = await storageBytes();
      if (left !== undefined && left < file.size) return `${name} (${file.size} bytes) was not kept: ${left} bytes of storage are left.`;
      try {
        await cache.put(address(key), new Response(file, { headers: { 'content-length': String(file.size) } }));
        return undefined;
      } catch (error) {
        return `${name} (${file.size} bytes) was not kept: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
    async remove(key) {
      await (await open())?.delete(address(key));
    },
    async has(key) {
      return (await (await open())?.match(address(key))) !== undefined;
    },
    async hasAny(prefix) {
      const keys = (await (await open())?.keys()) ?? [];
      return keys.some(({ url }) => url.startsWith(address(prefix)));
    },
    async list() {
      const cache = await open();
      const requests = (await cache?.keys()) ?? [];
      const look = async ({ url }: Request): Promise<StoredFile[]> => {
        const response = await cache?.match(url);
        if (response === undefined) return []; // another tab has just removed it
        const stated = response.headers.get('content-length');
        return [{ key: url.slice(KEY_BASE.length), bytes: stated === null ? (await response.blob()).size : Number(stated) }];
      };
      return (await Promise.all(requests.map(look))).flat();
    },
    async clear() {
      if (typeof caches !== 'undefined') await caches.delete(CACHE_NAME);
    },
  };
}

/** Bytes this origin may still store; undefined where the browser does not say. */
export async function storageBytes(): Promise<number | undefined> {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
}
