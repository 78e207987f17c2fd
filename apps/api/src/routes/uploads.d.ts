import type { App, AppDeps } from '../app-env.ts';
export declare function registerUploads(app: App, { jobs: { offerUpload } }: AppDeps): void;
