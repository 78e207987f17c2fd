/** The options of a local engine, checked. */
import type { LocalEngineOptions } from '../engine-port.ts';
import { RestoreError } from '../errors.ts';
import type { WebBackend } from './messages.ts';
import { findPlaces, type Places } from './places.ts';

export type LocalSettings = {
  /** In the order they are tried. */
  readonly backends: readonly [WebBackend, ...WebBackend[]];
  readonly places: Places;
  readonly threads: number | undefined;
  readonly fetch: typeof globalThis.fetch;
};

/** @throws RestoreError `invalid-option` */
export function checkLocalOptions(options: LocalEngineOptions): LocalSettings {
  const { backend = 'auto', models, assets, threads, fetch, ...unknown } = options;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) refuse(stranger, 'left out: there is no such option');
  if (!['auto', 'webgpu', 'wasm'].includes(backend)) refuse('backend', 'one of auto, webgpu, wasm');
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) refuse('threads', 'an integer from 1 on');
  if (fetch !== undefined && typeof fetch !== 'function') refuse('fetch', 'a function');
  return {
    backends: backend === 'auto' ? ['webgpu', 'wasm'] : [backend],
    places: findPlaces(models, assets),
    threads,
    fetch: fetch ?? ((...request) => globalThis.fetch(...request)), // called as a method of the window, as browsers want it
  };
}

function refuse(option: string, expected: string): never {
  throw new RestoreError('invalid-option', `${option} must be ${expected}.`, { details: { option } });
}
