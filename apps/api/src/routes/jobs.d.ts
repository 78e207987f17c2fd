import type { App, AppDeps } from '../app-env.ts';
export declare function registerJobs(app: App, deps: AppDeps): void;
