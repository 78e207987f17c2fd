import type { App, AppDeps } from '../app-env.ts';
export declare function registerFacts(app: App, { engine, settings }: AppDeps): void;
