import type { App, AppDeps } from '../app-env.ts';
export declare function registerDocs(app: App, { docsFile }: AppDeps): void;
