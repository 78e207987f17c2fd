/** The graph port: named float32 tensors in, named float32 tensors out. Filled by `adapter/ort-*`; core never sees a runtime. */
import type { Tensor } from '../tensor/tensor.ts';

/** Tensors by the names of `docs/model-contract.md`. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** A loaded network. */
export type Graph = {
  /** Names the graph takes, as in the contract. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs once. Feeds are not changed; the outputs are the caller's.
   * @throws RestoreError `backend-failed`
   */
  run(feeds: Feeds): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>>;
  /**
   * Only where the runtime keeps tensors on a device of its own: runs `links.length + 1` times, and one input of every later run is computed on the
   * device from the run before it. The same as `run` and the formula of `ChainLink` in turn, to rounding.
   * @returns the outputs of the last run
   * @throws RestoreError `backend-failed`
   */
  runChain?(feeds: Feeds, chain: Chain): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>>;
  /** Frees the session. A second call does nothing. */
  dispose(): Promise<void>;
};

/** From one run to the next: state = stateScale * state + outputScale * output + clippedScale * clamp(output, -clip, clip). */
export type ChainLink = {
  readonly stateScale: number;
  readonly outputScale: number;
  readonly clippedScale: number;
  readonly clip: number;
  /** Other inputs that change with the next run. */
  readonly feeds: Feeds;
};

export type Chain = {
  /** The input that is computed anew; it has the dims of `output`. */
  readonly state: string;
  readonly output: string;
  readonly links: readonly ChainLink[];
  /** Awaited after every run, counted from 1; what it throws ends the chain. */
  onRun(done: number): Promise<void>;
};

/** Weights that stand beside the ONNX bytes. */
export type ExternalData = {
  /** The location by which the ONNX bytes call them: a file name without folders. */
  readonly path: string;
  readonly data: Uint8Array<ArrayBuffer>;
};

/** Turns verified ONNX bytes into graphs, all on one execution provider. */
export type GraphFactory = {
  /** Execution provider in use, e.g. `cpu`. */
  readonly backend: string;
  /** @throws RestoreError `backend-failed`, `runtime-missing` */
  create(name: string, onnx: Uint8Array, externalData?: readonly ExternalData[]): Promise<Graph>;
  /** Frees what the graphs share (threads, devices). Graphs must be disposed before. */
  dispose(): Promise<void>;
};
