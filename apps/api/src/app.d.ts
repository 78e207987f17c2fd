import type { App, AppDeps } from './app-env.ts';
/** Routes, in the order a request meets them; every failure becomes a problem (RFC 9457). */
export declare function createApp(deps: AppDeps): App;
