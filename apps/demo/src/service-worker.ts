/**
 * The service worker: the page's files, kept at the first visit -> answered from this device afterwards, so that the page opens without a network.
 * A new version is kept beside the old one and waits until the page, that is its reader, says so.
 */
import { addPlugins, cleanupOutdatedCaches, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching';

/** Put in by the build: addresses below this file's folder, with a revision where the name has no hash. */
declare const KEPT_FILES: readonly PrecacheEntry[];
/** Of a service worker; TypeScript's library takes this for a page. */
type WorkerScope = { skipWaiting(): Promise<void>; readonly clients: { claim(): Promise<void> } };
type LifeEvent = Event & { waitUntil(work: Promise<void>): void };
const scope = globalThis as unknown as WorkerScope; // only browsers run this, as a service worker

// Hosts that cannot send these get them here, and WebAssembly its threads: from the second visit on.
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
addPlugins([{ cacheWillUpdate: async ({ response }) => (response.status === 200 ? isolate(response) : null) }]);
cleanupOutdatedCaches();
precacheAndRoute([...KEPT_FILES], {
  urlManipulation: ({ url }) => (url.pathname.endsWith('/index.html') ? [new URL(`./${url.search}`, url)] : []),
});

addEventListener('activate', (event) => (event as LifeEvent).waitUntil(scope.clients.claim()));
addEventListener('message', ({ data }: MessageEvent<{ readonly type?: string } | null>) => {
  if (data?.type === 'SKIP_WAITING') void scope.skipWaiting(); // as workbox-window says it
});

function isolate({ body, status, statusText, headers }: Response): Response {
  const isolated = new Headers(headers);
  for (const [name, value] of Object.entries(ISOLATION)) isolated.set(name, value);
  return new Response(body, { status, statusText, headers: isolated });
}
