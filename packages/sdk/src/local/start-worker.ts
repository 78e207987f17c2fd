/** A backend, and where its files lie -> a running module worker, under any bundler, from one's own host or from a CDN. */
import type { WebBackend } from './messages.ts';

/** Gives the text of a worker's script, from the network or as it was kept. */
export type ReadScript = (url: URL) => Promise<string>;

/**
 * Without `assets` the bundler places the worker: Vite, webpack and Next.js know the form `new Worker(new URL(...))`, which therefore must stand here
 * as it does.
 * @param assets folder of `fairweather assets copy`
 * @throws RestoreError those of `readScript`
 */
export async function startWorker(backend: WebBackend, assets: URL | undefined, readScript: ReadScript): Promise<Worker> {
  if (assets !== undefined) return startFrom(new URL(`worker-${backend}.js`, assets), readScript);
  return backend === 'webgpu'
    ? new Worker(new URL('./worker-webgpu.js', import.meta.url), { type: 'module', name: 'fairweather-webgpu' })
    : new Worker(new URL('./worker-wasm.js', import.meta.url), { type: 'module', name: 'fairweather-wasm' });
}

/**
 * Browsers start no worker of another origin, and none without a network; its text may be started as one's own then. The file imports nothing, so
 * that this works. Elsewhere the address itself is started, which every content security policy of a page with workers allows.
 */
async function startFrom(url: URL, readScript: ReadScript): Promise<Worker> {
  const options = { type: 'module', name: 'fairweather' } as const;
  const text = await readScript(url);
  if (url.origin === location.origin && navigator.onLine) return new Worker(url, options);
  return new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })), options); // the URL lives on: the runtime's threads start from it
}
