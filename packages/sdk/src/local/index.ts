/** The public door of `@fairweather/sdk/local`. */
export { createLocalEngine } from './local-engine.ts';
export type { Engine, EngineInput, EngineCapabilities, EngineRun, LocalEngineOptions } from '../engine-port.ts';
