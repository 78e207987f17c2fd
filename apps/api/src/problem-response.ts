/** Any thrown value -> an `application/problem+json` response with the headers that belong to it. */
import { PROBLEM_TYPE } from '@fairweather/core/contract';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { describeFailure } from './api-error.ts';
import type { AppEnv } from './app-env.ts';

export function answerProblem(c: Context<AppEnv>, thrown: unknown): Response {
  const { problem, retryAfterSec } = describeFailure(thrown, c.get('requestId'));
  c.get('facts').code = problem.code;
  if (retryAfterSec !== undefined) c.header('Retry-After', String(retryAfterSec));
  if (problem.status === 401) c.header('WWW-Authenticate', 'Bearer realm="fairweather"');
  // What is left of a body that was given up must not be taken for the next request.
  if (problem.code === 'request-timeout' || problem.code === 'too-large' || problem.code === 'shutting-down') c.header('Connection', 'close');
  return c.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store' }); // every status of the table has a body
}
