/** What the engine and its inference processes say to one another; all of it can be cloned. */
import type { InspectResult, ProgressEvent, RestoreErrorCode, RestoreErrorDetails, RestoreOptions, RestoreResult } from '@fairweather/core';
import type { NodeBackend } from '@fairweather/core/node';

/** Options without what cannot cross processes. */
export type WorkOptions = Omit<RestoreOptions, 'signal' | 'onProgress'>;

/** One piece of work. */
export type Work = { readonly kind: 'restore' | 'inspect'; readonly input: Uint8Array; readonly options: WorkOptions };

/** What comes of it, by kind. `heldMs` in a reply is how long the process held the work before it began. */
export type WorkResult = { readonly restore: RestoreResult; readonly inspect: InspectResult };

export type WorkerSettings = {
  /** Tried in this order; `auto` is CUDA, then WebGPU where there is a graphics device, then the CPU. */
  readonly backends: readonly NodeBackend[];
  /** Threads of one inference on the CPU. */
  readonly threads: number;
  /** Folder with `manifest.json`; the installed package when left out. */
  readonly modelsDir: string | undefined;
};

/** How far a piece of work is: a phase begins, a step or a tile is done. */
export type WorkProgress = Extract<ProgressEvent, { readonly type: 'phase' | 'step' | 'tile' }>;

/** `progress` says whether it is to be told. */
export type WorkerRequest =
  | { readonly type: 'work'; readonly id: number; readonly work: Work; readonly progress: boolean }
  | { readonly type: 'abort'; readonly id: number };

export type WorkerReply =
  | { readonly type: 'ready'; readonly backend: string; readonly psnrDb: number; readonly refused: readonly string[] }
  | { readonly type: 'unfit'; readonly message: string }
  | { readonly type: 'done'; readonly id: number; readonly result: WorkResult[Work['kind']]; readonly heldMs: number }
  | { readonly type: 'progress'; readonly id: number; readonly progress: WorkProgress }
  | { readonly type: 'failed'; readonly id: number; readonly failure: PlainFailure };

/** An error as it crosses processes. */
export type PlainFailure =
  | { readonly kind: 'restore-error'; readonly code: RestoreErrorCode; readonly message: string; readonly details: RestoreErrorDetails }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string | undefined };
