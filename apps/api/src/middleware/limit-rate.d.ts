/** A client's requests -> no more than its rate; the headers say what is left (draft-ietf-httpapi-ratelimit-headers). */
import type { MiddlewareHandler } from 'hono';
import type { AppDeps, AppEnv } from '../app-env.ts';
/** @throws ApiError `rate-limited` */
export declare function limitRate({ rateLimit }: Pick<AppDeps, 'rateLimit'>): MiddlewareHandler<AppEnv>;
