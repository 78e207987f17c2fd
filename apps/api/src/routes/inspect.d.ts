import type { App, AppDeps } from '../app-env.ts';
export declare function registerInspect(app: App, deps: AppDeps): void;
