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
   * Runs once. Feeds are not changed, and must not be changed before it is done; the outputs are the caller's.
   * @param into tensors whose memory the outputs of their names may take, if the runtime can: their dims must be those of the outputs
   * @throws RestoreError `backend-failed`
   */
  run(feeds: Feeds, into?: Feeds): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>>;
  /** Memory that `run` takes as it is, for feeds and outputs of many runs, where it would copy any other. */
  readonly memory?: TensorMemory;
  /**
   * Only where the runtime keeps tensors on a device of its own: runs that leave their output to later runs there.
   * @returns undefined where the device has no room for what is planned
   * @throws RestoreError `backend-failed`
   */
  openChain?(plan: ChainPlan): Promise<Chain | undefined>;
  /** Frees the session. A second call does nothing. */
  dispose(): Promise<void>;
};

/** Pieces of memory that are lent, and used again. */
export type TensorMemory = {
  /** @param length of the piece, in numbers; they may be any */
  take(length: number): Float32Array;
  /** Nothing may read or write the pieces any more; others than those of `take` are let be. */
  giveBack(pieces: readonly Float32Array[]): void;
};

/** Runs of one graph, on one device, of which one input (the state) is made of what earlier runs gave. All tiles have the same size. */
export type ChainPlan = {
  /** The input that is made on the device. */
  readonly state: string;
  readonly output: string;
  /** Dims of both, [1,C,H,W]. */
  readonly dims: readonly [number, number, number, number];
  /** Inputs that are the same in all runs; they go up once. */
  readonly feeds: Feeds;
  /** Dims of the other inputs, by their names. */
  readonly changing: Readonly<Record<string, readonly number[]>>;
  /** What is kept of the picture between one step and the next; none where there is one step. */
  readonly rings: readonly RingSize[];
};

/** Rows [C,rows,columns] of a picture that go round: row y of the picture stands in place y mod `rows`. */
export type RingSize = { readonly rows: number; readonly columns: number };

/** Where the window of a run begins in the picture, in the ring of this number. */
export type RingWindow = { readonly ring: number; readonly top: number; readonly left: number };

/**
 * Where the next state of a tile goes: next = stateScale * state + outputScale * output + clippedScale * clamp(output, -clip, clip), times a weight that
 * rises linearly across the hand-overs at the top and at the left, (k + 1/2) / length at its place k, and falls so at the bottom and at the right. In the
 * rising ones it is added to what stands there, elsewhere it takes its place.
 */
export type RingRegion = RingWindow & {
  readonly height: number;
  readonly width: number;
  /** Where the region begins in the tile. */
  readonly tileTop: number;
  readonly tileLeft: number;
  /** Lengths of the hand-overs in pixels; 0 where there is none. */
  readonly handOver: { readonly top: number; readonly left: number; readonly bottom: number; readonly right: number };
  readonly update: StateUpdate;
};

export type StateUpdate = { readonly stateScale: number; readonly outputScale: number; readonly clippedScale: number; readonly clip: number };

/** Runs follow one another: none may begin before the one before it has ended. The state is cut where `from` says, else it is among the feeds. */
export type Chain = {
  /**
   * Runs once and leaves what comes of it on the device. Resolves when the device is done.
   * @throws RestoreError `backend-failed`
   */
  runInto(feeds: Feeds, from: RingWindow | undefined, to: RingRegion): Promise<void>;
  /**
   * Runs once and reads the output back.
   * @throws RestoreError `backend-failed`, also when an output that stayed on the device had numbers that are not finite in its region
   */
  run(feeds: Feeds, from: RingWindow | undefined): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>>;
  /** Waits for the run that is under way, then frees all that is kept on the device. A second call does nothing. */
  dispose(): Promise<void>;
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
