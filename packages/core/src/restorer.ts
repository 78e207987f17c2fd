/** A restorer: models, their sessions and a codec behind three verbs: `restore`, `inspect`, `dispose`. */
import type { Manifest } from './graph/manifest.js';
import type { InspectOptions, Precision, RestoreOptions } from './options.js';
import type { EngineFacts, InspectResult, RestoreResult } from './report.js';

/** Loads a model at its first use and keeps it until `dispose`. Calls may overlap; each tile waits for its turn. */
export type Restorer = {
  /** The manifest in use: names, weathers and versions of the models. */
  readonly manifest: Manifest;
  /**
   * A degraded picture -> the restored one, as a finished file, and a report.
   * @param input a picture file: JPEG, PNG, WebP, AVIF, GIF (first frame) or TIFF (first page)
   * @throws RestoreError with every code of `RestoreErrorCode`; an abort throws the signal's reason
   */
  restore(input: Uint8Array | Blob, options?: RestoreOptions): Promise<RestoreResult>;
  /** A picture -> the weather in it. Costs a decode and a few milliseconds; nothing is restored. */
  inspect(input: Uint8Array | Blob, options?: InspectOptions): Promise<InspectResult>;
  /** Loads and verifies a model ahead of its first use. */
  load(options?: { readonly model?: string; readonly precision?: Precision; readonly signal?: AbortSignal }): Promise<EngineFacts>;
  /** Waits for running calls, then frees sessions, threads and memory. Later calls throw `disposed`. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};
