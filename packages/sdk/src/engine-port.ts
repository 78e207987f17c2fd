/** The port between the client and what restores for it: the server, or an engine on this device. Types only. */
import type {
  EngineFacts,
  InputFormat,
  InspectOptions as CoreInspectOptions,
  InspectResult as CoreInspectResult,
  OutputFormat,
  Phase,
  ProgressEvent as CoreProgressEvent,
  RestoreOptions as CoreRestoreOptions,
  RestoreReport as CoreRestoreReport,
} from '@fairweather/core';

/** What restores: a server; this browser's GPU; this browser's CPU by WebAssembly; this Node, Deno or Bun. */
export type EngineKind = 'remote' | 'webgpu' | 'wasm' | 'node';

/** Decoded pixels as canvases give them; `ImageData` is one. [height, width, 4], 8-bit RGBA, not premultiplied, sRGB. */
export type PixelInput = { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray };

/**
 * What an engine takes: a picture file, or, on the local engines of a browser, decoded pixels. An `ImageBitmap` stays the caller's: it is neither
 * closed nor transferred.
 */
export type EngineInput = Blob | PixelInput | ImageBitmap;

/** One report of progress. `elapsedMs` counts from the start of the call. Events of the core come as they are. */
export type ProgressEvent =
  /** `phase`, `load` (model bytes: from the network, a cache or a disk), `step` k of n, `tile` i of n, `patch` (finished rectangle). */
  | CoreProgressEvent
  /** Bytes of the picture on their way to the server. */
  | { readonly type: 'upload'; readonly sentBytes: number; readonly totalBytes: number; readonly elapsedMs: number }
  /**
   * Waiting: for a server that has no place now, `attempt` is the one that comes next, from 2 on, after `waitMs`; or in the server's queue (`attempt` 1,
   * `waitMs` 0), whose next one has `place` 1.
   */
  | { readonly type: 'queue'; readonly attempt: number; readonly waitMs: number; readonly place?: number; readonly elapsedMs: number }
  /** A server works on a job (without `jobs` it tells `phase`, `step` and `tile`): the share of its tiles that is done, 0 to 1. */
  | { readonly type: 'work'; readonly phase: Phase; readonly fraction: number; readonly elapsedMs: number }
  /** A graph (`denoiser`) or the runtime itself is being made ready: `done` of `total` are. */
  | { readonly type: 'compile'; readonly done: number; readonly total: number; readonly elapsedMs: number }
  /** An engine or a precision was left for the next one. */
  | ({ readonly type: 'fallback'; readonly elapsedMs: number } & Fallback);

/** Called synchronously; what it throws stops the call. */
export type OnProgress = (event: ProgressEvent) => void;

/** A step down, and why. `from` and `to` are an engine, with its precision where that is what changed: `webgpu fp16`, `webgpu fp32`, `wasm`, `remote`. */
export type Fallback = { readonly from: string; readonly to: string; readonly reason: string };

/** Options of `inspect`. Those that name no default have the core's. */
export type InspectOptions = Omit<CoreInspectOptions, 'onProgress'> & { readonly onProgress?: OnProgress };

/** Options of `restore`. Those that name no default have the core's; `patchPixels` is for engines on this device. */
export type RestoreOptions = Omit<CoreRestoreOptions, 'onProgress'> & { readonly onProgress?: OnProgress };

/** Options of `preload`: which model files are to be at hand. */
export type PreloadOptions = Pick<InspectOptions, 'model' | 'precision' | 'signal' | 'onProgress'>;

/** Where and how a picture was worked on. */
export type EngineRun = {
  readonly engine: EngineKind;
  /** Steps down on the way to this engine, the first one first; empty when the first choice worked. */
  readonly fallbacks: readonly Fallback[];
  /** Things a developer may want to know, as sentences: fewer threads without cross-origin isolation, a model that could not be cached. */
  readonly notes: readonly string[];
  /** CPU threads of one inference, where the engine knows them. */
  readonly threads?: number;
  /** Names the request in the server's log. */
  readonly requestId?: string;
  /** The job it was, with the client's option `jobs`. */
  readonly jobId?: string;
};

/** What `restore` tells beside the picture: the core's report, and where and how it came about. */
export type RestoreReport = CoreRestoreReport & { readonly run: EngineRun };
/** What `inspect` gives: the core's result, and where and how it came about. */
export type InspectResult = CoreInspectResult & { readonly run: EngineRun };

/** The restored picture as a file (its `type` is the media type), and what is told about it. */
export type RestoreResult = { readonly image: Blob; readonly report: RestoreReport };

/** What an engine can do here, found out without downloading a model. */
export type EngineCapabilities = {
  readonly engine: EngineKind;
  /** Whether it would work. */
  readonly available: boolean;
  /** Why not, as a sentence. */
  readonly reason?: string;
  /** Precisions that can be used, the preferred first. */
  readonly precisions: readonly ('fp32' | 'fp16')[];
  /** CPU threads of one inference, where they count. */
  readonly threads?: number;
  readonly inputFormats: readonly InputFormat[];
  readonly outputFormats: readonly OutputFormat[];
  /** Bytes that the first restoration would download; 0 when all is cached; absent when that is not known yet. */
  readonly downloadBytes?: number;
  /** Bytes this origin may still store, where the browser tells. */
  readonly storageBytes?: number;
  readonly notes: readonly string[];
};

/** What this device has stored so that pictures can be restored without a network, in bytes. */
export type StoredFacts = {
  /** Models of the manifest that was seen last, as far as they are here: all their files, and the precisions that are complete. A file that two of them use counts in both. */
  readonly models: readonly { readonly name: string; readonly bytes: number; readonly precisions: readonly ('fp32' | 'fp16')[] }[];
  /** The runtime's WebAssembly and the workers, of this version. */
  readonly engineBytes: number;
  /** What this version makes no use of: files of earlier ones, or of other pages of the same origin; and the manifests. */
  readonly otherBytes: number;
  readonly totalBytes: number;
};

/**
 * What restores. Calls may overlap. Every failure is an error with a literal `code` (the core's `RestoreError`, or the client's); an abort
 * throws the signal's reason within one tile and leaves nothing running.
 */
export type Engine = {
  /** The kind in use; a local engine of a browser may step down from `webgpu` to `wasm`. */
  readonly kind: EngineKind;
  /** A picture -> the restored one, and a report. */
  restore(input: EngineInput, options?: RestoreOptions): Promise<RestoreResult>;
  /** A picture -> the weather in it; nothing is restored. */
  inspect(input: EngineInput, options?: InspectOptions): Promise<InspectResult>;
  /** Fetches, verifies and compiles a model ahead of its first use. */
  preload(options?: PreloadOptions): Promise<EngineFacts>;
  /** Whether a restoration would work without any network. */
  isCached(options?: Pick<PreloadOptions, 'model' | 'precision'>): Promise<boolean>;
  /** What is stored on this device; looked up without a network. Engines that store nothing say so. */
  stored(): Promise<StoredFacts>;
  /** Removes stored files; an engine in use goes on with what it has loaded. */
  clearCache(): Promise<void>;
  /** One entry a way of working, the one that would be used first; of a model that is not there, why. */
  capabilities(options?: Pick<PreloadOptions, 'model'>): Promise<readonly EngineCapabilities[]>;
  /** Lets running calls end in `disposed`, ends the worker and returns its memory. Later calls throw `disposed`. */
  dispose(): Promise<void>;
};

/** What a local engine is made from. All of it is optional. */
export type LocalEngineOptions = {
  /**
   * `auto` takes WebGPU where it works and passes its self-test, else WASM. `webgpu` and `wasm` insist on theirs. Not for Node.
   * @default 'auto'
   */
  readonly backend?: 'auto' | 'webgpu' | 'wasm';
  /**
   * Where `manifest.json` lies: a folder's URL in a browser; a folder's path or file URL in Node.
   * @default the package `@fairweather/models` of the matching version: installed in Node, on a public CDN in a browser
   */
  readonly models?: string | URL;
  /** Folder's URL with the files of `fairweather assets copy`: worker, runtime and WebAssembly. Not for Node. @default found by the bundler */
  readonly assets?: string | URL;
  /** CPU threads of one inference. @default as many as are sensible here */
  readonly threads?: number;
  /** How files are fetched. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
};

/**
 * `createLocalEngine` of `@fairweather/sdk/local` and `createNodeEngine` of `@fairweather/sdk/node` are this. Cheap: nothing is downloaded and no
 * worker is started before the first call that needs it.
 */
export type CreateEngine = (options?: LocalEngineOptions) => Promise<Engine>;
