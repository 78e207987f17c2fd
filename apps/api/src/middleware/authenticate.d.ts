import { type Scope } from '@fairweather/core/contract';
import type { MiddlewareHandler } from 'hono';
import type { AppDeps, AppEnv } from '../app-env.ts';
/** @throws ApiError `unauthorized` */
export declare function authenticate({ settings, clientAddress, now }: Pick<AppDeps, 'settings' | 'clientAddress' | 'now'>): MiddlewareHandler<AppEnv>;
/** @throws ApiError `forbidden` */
export declare function requireScope(scope: Scope): MiddlewareHandler<AppEnv>;
