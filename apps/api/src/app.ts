/** Dependencies -> the HTTP API as a Hono app: is it alive, and which models it has. */
import type { Manifest } from '@fairweather/core';
import { Hono } from 'hono';

/** What the app needs from outside. */
export type AppDeps = { readonly manifest: Manifest };

/** A model as the API names it. */
export type ModelSummary = {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly licence: string;
  readonly weathers: readonly string[];
  readonly default: boolean;
};

/** `GET /livez` and `GET /v1/models`; nothing is read from the disk or the environment. */
export function createApp({ manifest }: AppDeps): Hono {
  const models = Object.entries(manifest.models).map(
    ([name, { version, title, licence, weathers }]): ModelSummary => ({ name, version, title, licence, weathers, default: name === manifest.defaultModel }),
  );
  return new Hono().get('/livez', (c) => c.text('ok')).get('/v1/models', (c) => c.json({ models }));
}
