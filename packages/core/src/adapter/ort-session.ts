/** ONNX bytes -> a session of onnxruntime-node, behind messages that can cross a thread: plain names, dims and numbers. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ExternalData, TensorMemory } from '../graph/graph.ts';

/** A tensor as it crosses threads. */
export type PlainTensor = { readonly dims: readonly number[]; readonly data: Float32Array };

export type PlainTensors = Readonly<Record<string, PlainTensor>>;

export type SessionSettings = {
  /** Execution provider. */
  readonly backend: 'cpu' | 'cuda' | 'webgpu';
  /** Threads of one run; 0 means as many as there are cores. */
  readonly threads: number;
};

/** One graph. `run` blocks the thread it is called on, whatever its type says. */
export type OrtSession = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @param into tensors that outputs of their names are written to, in the dims of these outputs; they are what comes back */
  run(feeds: PlainTensors, into?: PlainTensors): Promise<PlainTensors>;
  readonly memory?: TensorMemory;
  release(): Promise<void>;
};

/**
 * While the network runs another thread cuts the next tile and blends the last one. So work goes to threads in small blocks, of which a thread that is
 * held up takes fewer; and a thread without work sleeps, where it would keep a core busy with asking for more.
 */
const CPU_THREADS = { dynamic_block_base: '4', intra_op: { allow_spinning: '0' } };

export async function openOrtSession(onnx: Uint8Array, externalData: readonly ExternalData[], { backend, threads }: SessionSettings): Promise<OrtSession> {
  const ort = await import('onnxruntime-node');
  const options: InferenceSession.SessionOptions = {
    executionProviders: [backend],
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    // Tiles of one picture have one size, but pictures differ: planning memory by the first size would help none of the others.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: CPU_THREADS },
    ...(externalData.length > 0 ? { externalData } : {}),
  };
  const session = await ort.InferenceSession.create(onnx, options);
  const everyOutput = Object.fromEntries(session.outputNames.map((name) => [name, null])); // null: in memory of the runtime's choice
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, into = {}) {
      const asTensors = (tensors: PlainTensors): Record<string, Tensor> => mapValues(tensors, ({ dims, data }) => new ort.Tensor('float32', data, dims));
      const outputs = await session.run(asTensors(feeds), { ...everyOutput, ...asTensors(into) });
      const plain = mapValues(outputs, ({ dims, data }) => ({ dims, data: data as Float32Array })); // the contract's outputs are float32
      return { ...plain, ...into }; // the binding gives copies of what it has written there
    },
    release: () => session.release(),
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
