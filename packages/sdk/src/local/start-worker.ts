/** A backend, and where its files lie -> a running module worker, under any bundler, from one's own host or from a CDN. */
import { RestoreError } from '../errors.ts';
import type { WebBackend } from './messages.ts';

/**
 * Without `assets` the bundler places the worker: Vite, webpack and Next.js know the form `new Worker(new URL(...))`, which therefore must stand here
 * as it does.
 * @param assets folder of `fairweather assets copy`
 * @throws RestoreError `engine-unavailable` where no worker can be started
 */
export async function startWorker(backend: WebBackend, assets: URL | undefined, fetch: typeof globalThis.fetch): Promise<Worker> {
  if (typeof Worker === 'undefined')
    throw new RestoreError('engine-unavailable', 'Expected a runtime that starts workers, this one does not (a service worker cannot); call from the page.');
  if (assets !== undefined) return startFrom(new URL(`worker-${backend}.js`, assets), fetch);
  return backend === 'webgpu'
    ? new Worker(new URL('./worker-webgpu.js', import.meta.url), { type: 'module', name: 'fairweather-webgpu' })
    : new Worker(new URL('./worker-wasm.js', import.meta.url), { type: 'module', name: 'fairweather-wasm' });
}

/** Browsers start no worker of another origin; its text may be fetched and started as one's own. The file imports nothing, so that this works. */
async function startFrom(url: URL, fetch: typeof globalThis.fetch): Promise<Worker> {
  const options = { type: 'module', name: 'fairweather' } as const;
  if (url.origin === location.origin) return new Worker(url, options);
  const response = await fetch(url);
  if (!response.ok) throw new RestoreError('engine-unavailable', `Expected a worker at ${url}, the server answers ${response.status}; copy the assets there.`);
  const script = URL.createObjectURL(new Blob([await response.text()], { type: 'text/javascript' }));
  return new Worker(script, options); // the URL lives on: the runtime's threads start from it
}
