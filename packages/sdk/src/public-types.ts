/** What both doors of the client share: its types and its error. */
export type { BatchItem } from './batch.ts';
export type { BatchOptions, Client } from './client.ts';
export type { Backend, ClientOptions, Privacy } from './client-options.ts';
export type {
  EngineCapabilities,
  EngineKind,
  EngineRun,
  Fallback,
  InspectOptions,
  InspectResult,
  OnProgress,
  PixelInput,
  PreloadOptions,
  ProgressEvent,
  RestoreOptions,
  RestoreReport,
  RestoreResult,
  StoredFacts,
} from './engine-port.ts';
export { isAbortError, isRestoreError, RestoreError } from './errors.ts';
export type { ErrorCode, ErrorFacts } from './errors.ts';
export type { PictureInput } from './input.ts';
export type { Job, JobCallOptions, JobEvent, Jobs, SubmitOptions } from './job-types.ts';
export type { Token, TokenProvider } from './token.ts';
