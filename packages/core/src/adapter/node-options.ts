/** Options of `createNodeRestorer` (`@fairweather/core/node`). */

/** Execution providers of onnxruntime-node. `auto` is CUDA where it is installed and works, else the CPU. */
export type NodeBackend = 'auto' | 'cpu' | 'cuda' | 'webgpu';

export type NodeRestorerOptions = {
  /** Folder with `manifest.json`. @default the installed package `@fairweather/models` */
  readonly modelsDir?: string;
  /** @default 'auto' */
  readonly backend?: NodeBackend;
  /** Threads of one inference. @default as many as the machine has cores */
  readonly threads?: number;
  /** Whether inference runs in a worker thread, so that the event loop stays free. @default true */
  readonly worker?: boolean;
};
