import type { App, AppDeps } from '../app-env.ts';
export declare function registerRestore(app: App, deps: AppDeps): void;
/** JSON only where it is asked for by name, and no picture is liked better. */
export declare function wantsJson(accept: string | undefined): boolean;
