/** Keeps the page's files as they are fetched, and answers with them when there is no network. The engine keeps its models and its runtime by itself. */
const KEPT = 'page-1';

self.addEventListener('install', (event) =>
  event.waitUntil(
    caches
      .open(KEPT)
      .then((kept) => kept.add('./'))
      .then(() => self.skipWaiting()),
  ),
);
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const ofPage = request.method === 'GET' && origin === self.location.origin && !pathname.includes('/fairweather/');
  if (ofPage) event.respondWith(answer(request));
});

/** From the network, with a copy kept; without one, the copy. */
async function answer(request) {
  const kept = await caches.open(KEPT);
  try {
    const response = await fetch(request);
    if (response.ok) await kept.put(request, response.clone());
    return response;
  } catch (error) {
    const copy = await kept.match(request);
    if (copy === undefined) throw error;
    return copy;
  }
}
