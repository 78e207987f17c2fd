/** What page and worker say to one another: plain values that can be cloned. Types only. */
import type { EngineFacts, InspectResult, Precision, ProgressEvent, RestoreOptions, RestoreReport } from '@fairweather/core';
import type { EngineInput } from '../engine-port.ts';

/** What a browser's engine computes on. */
export type WebBackend = 'webgpu' | 'wasm';

/** The first message to a worker. */
export type StartRequest = {
  readonly type: 'start';
  readonly id: number;
  /** Of this package; page and worker must be of one. */
  readonly version: string;
  /** Parsed JSON of `manifest.json`. */
  readonly manifest: unknown;
  readonly threads: number | undefined;
  /** URL of the runtime's .wasm; the runtime finds its own when left out. */
  readonly wasmUrl: string | undefined;
  /** Name of a lock that the worker holds as long as it lives. */
  readonly lock: string;
};

/** A picture restored by this very model on Node's CPU: what a backend must give before it is trusted. */
export type SelfTest = { readonly degraded: string; readonly restored: string; readonly seed: number };

export type OpenRequest = {
  readonly type: 'open';
  readonly id: number;
  readonly model: string;
  readonly precision: Precision;
  readonly selfTest: SelfTest | undefined;
};

/** Options that can be cloned: signal and listener stay in the page. */
export type PlainOptions = Omit<RestoreOptions, 'signal' | 'onProgress'>;

export type RunRequest<T extends 'restore' | 'inspect' = 'restore' | 'inspect'> = {
  readonly type: T;
  readonly id: number;
  readonly input: EngineInput;
  readonly options: PlainOptions;
};

export type WorkerRequest =
  | StartRequest
  | OpenRequest
  | RunRequest<'restore'>
  | RunRequest<'inspect'>
  | { readonly type: 'abort'; readonly id: number }
  /** The answer to `need`. */
  | { readonly type: 'file'; readonly need: number; readonly file: Blob | Failure };

/** What a worker is, once started. */
export type StartedFacts = {
  /** WASM threads in use. */
  readonly threads: number;
  /** Precisions the backend can compute in, the preferred first. */
  readonly precisions: readonly Precision[];
};

export type OpenedFacts = {
  readonly engine: EngineFacts;
  /** Against the self-test picture, in dB; Infinity for equal pictures; absent without a self-test. */
  readonly psnrDb?: number;
};

/** What a request gives, by its type. */
export type Results = {
  readonly start: StartedFacts;
  readonly open: OpenedFacts;
  readonly restore: { readonly image: Blob; readonly report: RestoreReport };
  readonly inspect: InspectResult;
};

/** Events of a worker: the core's, and graphs that are made ready. */
export type WorkerEvent = ProgressEvent | { readonly type: 'compile'; readonly done: number; readonly total: number; readonly elapsedMs: number };

/** An error as it crosses. */
export type Failure = {
  readonly kind: 'aborted' | 'restore-error' | 'other';
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;
};

export type WorkerReply =
  | { readonly type: 'done'; readonly id: number; readonly result: Results[keyof Results] }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'event'; readonly id: number; readonly event: WorkerEvent }
  /** The worker wants a file: of the models by its name in the manifest, or of the runtime by its URL. */
  | { readonly type: 'need'; readonly id: number; readonly need: number; readonly file: string; readonly of: 'models' | 'runtime' }
  /** The GPU was taken away; the worker is of no more use. */
  | { readonly type: 'lost'; readonly reason: string };
