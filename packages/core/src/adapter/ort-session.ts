/** ONNX bytes -> a session of onnxruntime-node, behind messages that can cross a thread: plain names, dims and numbers. */
import type { InferenceSession } from 'onnxruntime-node';
import type { ExternalData } from '../graph/graph.ts';

/** A tensor as it crosses threads. */
export type PlainTensor = { readonly dims: readonly number[]; readonly data: Float32Array };

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
  run(feeds: Readonly<Record<string, PlainTensor>>): Promise<Record<string, PlainTensor>>;
  release(): Promise<void>;
};

/**
 * While the network runs another thread cuts the next tile and blends the last one. So work goes to threads in small blocks, of which a thread that is
 * held up takes fewer; and a thread without work sleeps, where it would keep a core busy with asking for more.
 */
const CPU_THREADS = { dynamic_block_base: '4', intra_op: { allow_spinning: '0' } };

export async function openOrtSession(onnx: Uint8Array, externalData: readonly ExternalData[], { backend, threads }: SessionSettings): Promise<OrtSession> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
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
  const session = await InferenceSession.create(onnx, options);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { dims, data }]) => [name, new Tensor('float32', data, dims)]));
      const outputs = await session.run(tensors);
      const plain = Object.entries(outputs).map(([name, value]) => [name, { dims: value.dims, data: value.data as Float32Array }] as const); // the contract's outputs are float32
      return Object.fromEntries(plain);
    },
    release: () => session.release(),
  };
}
