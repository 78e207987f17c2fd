import type { MiddlewareHandler } from 'hono';
import type { AppDeps, AppEnv } from '../app-env.ts';
export declare function observeRequests({ log, metrics, tracer }: Pick<AppDeps, 'log' | 'metrics' | 'tracer'>): MiddlewareHandler<AppEnv>;
