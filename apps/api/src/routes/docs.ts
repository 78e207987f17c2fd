/** `/openapi.json` and `/docs`: the description, and Swagger UI over it, served from here alone. */
import { ROUTES } from '@fairweather/core/contract';
import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../api-error.ts';
import type { App, AppDeps } from '../app-env.ts';

/** Files of the page by the name they are asked for, and their type. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Fairweather API</title>
    <link rel="stylesheet" href="${ROUTES.docs}/swagger-ui.css">
    <link rel="icon" href="${ROUTES.docs}/favicon-32x32.png">
  </head>
  <body>
    <div id="reference"></div>
    <script src="${ROUTES.docs}/swagger-ui-bundle.js"></script>
    <script src="${ROUTES.docs}/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: '${ROUTES.openapi}', dom_id: '#reference', deepLinking: true, validatorUrl: null });\n`;

/** The page needs its own scripts and styles. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export function registerDocs(app: App, { docsFile }: AppDeps): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer', description: 'An API key: fw_...' });
  app.doc31(ROUTES.openapi, {
    openapi: '3.1.0',
    info: {
      title: 'Fairweather',
      version: '1',
      description:
        'Takes rain, raindrops, snow and haze out of photographs. Every error is problem details (RFC 9457) with a `code`, a `requestId` and `retryable`.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    security: [{ apiKey: [] }, {}],
  });

  const headers: MiddlewareHandler = async (c, next) => {
    await next();
    c.header('Content-Security-Policy', PAGE_POLICY);
  };
  app.use(ROUTES.docs, headers);
  app.use(`${ROUTES.docs}/*`, headers);
  app.get(ROUTES.docs, (c) => c.html(PAGE));
  app.get(`${ROUTES.docs}/start.js`, (c) => c.body(START, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }));
  app.get(`${ROUTES.docs}/:file`, async (c) => {
    const name = c.req.param('file');
    const type = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
    const bytes = type === undefined ? undefined : await docsFile(name);
    if (type === undefined || bytes === undefined) throw new ApiError('not-found', 'The reference page has no such file.');
    return c.body(bytes, 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' });
  });
}
