/** The demo page at `/`, behind all routes of the API: files of one folder, under a policy that lets the page run its own models. */
import type { MiddlewareHandler } from 'hono';
import type { App } from '../app-env.ts';
/** @param serveFile answers what is in the folder, compressed where it lies so and the client takes it, and leaves the rest to the app */
export declare function registerDemo(app: App, serveFile: MiddlewareHandler): void;
