/** Parts -> the HTTP API as a Hono app; nothing is read from the disk or the environment. */
import { HEADERS, ROUTES } from '@fairweather/core/contract';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { ApiError } from './api-error.ts';
import type { App, AppDeps, AppEnv } from './app-env.ts';
import { authenticate } from './middleware/authenticate.ts';
import { limitRate } from './middleware/limit-rate.ts';
import { observeRequests } from './middleware/observe.ts';
import { answerProblem } from './problem-response.ts';
import { registerDocs } from './routes/docs.ts';
import { registerFacts } from './routes/facts.ts';
import { registerHealth } from './routes/health.ts';
import { registerInspect } from './routes/inspect.ts';
import { registerJobs } from './routes/jobs.ts';
import { registerRestore } from './routes/restore.ts';
import { registerUploads } from './routes/uploads.ts';
import { describeIssues, invalidOptions } from './upload/option-fields.ts';

/** Routes, in the order a request meets them; every failure becomes a problem (RFC 9457). */
export function createApp(deps: AppDeps): App {
  const app: App = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidOptions(describeIssues(result.error));
    },
  });
  app.onError((error, c) => answerProblem(c, error));
  app.notFound((c) => answerProblem(c, new ApiError('not-found', `There is nothing at this path; ${ROUTES.openapi} lists what there is.`)));

  app.use(observeRequests(deps));
  app.use(secureHeaders()); // without a policy for contents: that differs by route
  app.use(forbidContents);
  app.use('/v1/*', allowOrigins(deps));
  app.use('/v1/*', authenticate(deps), limitRate(deps));
  registerRestore(app, deps);
  registerInspect(app, deps);
  registerJobs(app, deps);
  registerUploads(app, deps);
  registerFacts(app, deps);
  registerHealth(app, deps);
  registerDocs(app, deps);
  refuseOtherMethods(app);
  return app;
}

/** Answers are no pages: a browser that is led to one runs and loads nothing. The reference page brings a policy of its own. */
const forbidContents: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.has('Content-Security-Policy')) c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
};

function allowOrigins({ settings: { corsOrigins } }: AppDeps): ReturnType<typeof cors> {
  return cors({
    origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'Last-Event-ID', HEADERS.requestId, HEADERS.idempotencyKey],
    exposeHeaders: [...Object.values(HEADERS), 'Server-Timing', 'Retry-After', 'Location', 'RateLimit', 'RateLimit-Policy'],
    maxAge: 3600,
  });
}

const POSTED: readonly string[] = [ROUTES.restore, ROUTES.inspect, ROUTES.jobs, ROUTES.uploads];

/** Paths that are there, asked in a way they do not have. */
function refuseOtherMethods(app: App): void {
  for (const path of Object.values(ROUTES)) {
    const allowed = path === ROUTES.job ? 'GET, HEAD, DELETE' : POSTED.includes(path) ? 'POST' : 'GET, HEAD';
    app.all(path.replace('{id}', ':id'), (c) => {
      c.header('Allow', allowed);
      throw new ApiError('method-not-allowed', `This path takes ${allowed}, got another method.`);
    });
  }
}
