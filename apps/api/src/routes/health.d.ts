import type { App, AppDeps } from '../app-env.ts';
export declare function registerHealth(app: App, deps: AppDeps): void;
