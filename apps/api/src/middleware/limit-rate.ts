/** A client's requests -> no more than its rate; the headers say what is left (draft-ietf-httpapi-ratelimit-headers). */
import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../api-error.ts';
import type { AppDeps, AppEnv } from '../app-env.ts';
import { RATE_WINDOW_SEC } from '../rate-limit.ts';

/** @throws ApiError `rate-limited` */
export function limitRate({ rateLimit }: Pick<AppDeps, 'rateLimit'>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { id, ratePerMinute } = c.get('client');
    if (ratePerMinute === 0) return next();
    const { allowed, remaining, resetSec } = await rateLimit.take(id, ratePerMinute);
    c.header('RateLimit-Policy', `"default";q=${ratePerMinute};w=${RATE_WINDOW_SEC}`);
    c.header('RateLimit', `"default";r=${remaining};t=${resetSec}`);
    if (!allowed)
      throw new ApiError('rate-limited', `You may send ${ratePerMinute} requests a minute, this is one more; come again in ${resetSec} s.`, {
        retryAfterSec: resetSec,
      });
    return next();
  };
}
