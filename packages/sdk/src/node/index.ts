/** The door `@fairweather/sdk/node`: the engine of Node, Deno and Bun. */
export { createNodeEngine } from './engine.ts';
export type { NodeEngineOptions } from './engine.ts';
export type {
  Engine,
  EngineInput,
  EngineCapabilities,
  EngineKind,
  InspectOptions,
  InspectResult,
  PreloadOptions,
  RestoreOptions,
  RestoreResult,
} from '../engine-port.ts';
export { isAbortError, isRestoreError, RestoreError } from '../errors.ts';
