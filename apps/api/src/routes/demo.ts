/** The demo page at `/`, behind all routes of the API: files of one folder, under a policy that lets the page run its own models. */
import type { MiddlewareHandler } from 'hono';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import type { App } from '../app-env.ts';

/** Own scripts, styles, WebAssembly and workers; pictures of the user; nothing from elsewhere. */
const PAGE_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' data: blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** A browser takes the headers of a 304 for those of the page: without them the page would lose its policy and its threads. */
const RETAINED_HEADERS: string[] = [...RETAINED_304_HEADERS, 'Content-Security-Policy', 'Cross-Origin-Embedder-Policy'];

/** @param serveFile answers what is in the folder, compressed where it lies so and the client takes it, and leaves the rest to the app */
export function registerDemo(app: App, serveFile: MiddlewareHandler): void {
  const tag = etag({ retainedHeaders: RETAINED_HEADERS });
  // A part of a file has no tag of its own, and what never changes is never asked about.
  app.get('*', (c, next) => (hasHash(c.req.path) || c.req.header('Range') !== undefined ? next() : tag(c, next)));
  app.get('*', async (c, next) => {
    const response = await serveFile(c, next);
    if (response instanceof Response) {
      response.headers.set('Content-Security-Policy', PAGE_POLICY);
      response.headers.set('Cache-Control', hasHash(c.req.path) ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.headers.set('Vary', 'Accept-Encoding');
      response.headers.set('Cross-Origin-Embedder-Policy', 'require-corp'); // with the opener policy: threads for WebAssembly
    }
    return response;
  });
}

/** Whether the name changes with the content. */
function hasHash(path: string): boolean {
  return path.startsWith('/assets/');
}
