/** The public door of `@fairweather/sdk`. */
export { createClient } from './create-client.ts';
export * from './public-types.ts';
