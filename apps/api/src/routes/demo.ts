/** The demo page at `/`, behind all routes of the API: files of one folder, under a policy that lets the page run its own models. */
import type { MiddlewareHandler } from 'hono';
import type { App } from '../app-env.ts';

/** Own scripts, styles, WebAssembly and workers; pictures of the user; nothing from elsewhere. */
const PAGE_POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' data: blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** @param serveFile answers what is in the folder, and leaves the rest to the app */
export function registerDemo(app: App, serveFile: MiddlewareHandler): void {
  app.get('*', async (c, next) => {
    const response = await serveFile(c, next);
    if (response instanceof Response) {
      response.headers.set('Content-Security-Policy', PAGE_POLICY);
      // Those names carry a hash of the content.
      response.headers.set('Cache-Control', c.req.path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.headers.set('Cross-Origin-Embedder-Policy', 'require-corp'); // with the opener policy: threads for WebAssembly
    }
    return response;
  });
}
