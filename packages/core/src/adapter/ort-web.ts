/** The graph port in a browser, a module worker or any runtime with WebAssembly, by onnxruntime-web: WebGPU, or WASM. */
import type { InferenceSession } from 'onnxruntime-web';
import { RestoreError } from '../errors.ts';
import type { ExternalData, Graph, GraphFactory } from '../graph/graph.ts';
import { importRuntime } from './import-runtime.ts';
import { createChains } from './ort-web-chain.ts';

/** `auto` is WebGPU where the browser has an adapter, else WASM. */
export type WebBackend = 'auto' | 'webgpu' | 'wasm';

export type WebGraphOptions = {
  /** @default 'auto' */
  readonly backend?: WebBackend;
  /** WASM threads; more than 1 needs a cross-origin isolated page. @default the runtime's own choice */
  readonly threads?: number;
  /** Where the runtime's .wasm and .mjs files lie, as a URL prefix. @default beside the runtime's own module */
  readonly wasmPaths?: string;
};

/** onnxruntime-web, in whichever of its builds. */
export type OrtWeb = typeof import('onnxruntime-web');

/**
 * Chooses the execution provider and loads the build of the runtime that has it; nothing else is downloaded.
 * @throws RestoreError `runtime-missing`, `backend-failed` when `webgpu` is asked for and there is no adapter
 */
export async function createWebGraphs({ backend = 'auto', threads, wasmPaths }: WebGraphOptions = {}): Promise<GraphFactory> {
  const chosen = backend === 'auto' ? ((await hasWebGpu()) ? 'webgpu' : 'wasm') : backend;
  if (backend === 'webgpu' && !(await hasWebGpu()))
    throw new RestoreError('backend-failed', 'Expected a WebGPU adapter, this runtime has none; use backend wasm or auto.', { details: { backend } });
  // The default export of onnxruntime-web is its older WebGPU build; these two are the maintained ones.
  const ort: OrtWeb =
    chosen === 'webgpu'
      ? await importRuntime('onnxruntime-web', () => import('onnxruntime-web/webgpu'))
      : await importRuntime('onnxruntime-web', () => import('onnxruntime-web/wasm'));
  if (threads !== undefined) ort.env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  return createGraphsOn(ort, chosen);
}

/**
 * The same on a build of the runtime that the caller has imported and set up (`env`): for workers, which should hold one build only.
 * @param device WebGPU computes on it, and keeps the noisy residual there between the steps; it stays the caller's. @default one that the runtime makes,
 *               where the residual comes back after each step
 */
export function createGraphsOn(ort: OrtWeb, backend: 'webgpu' | 'wasm', device?: GPUDevice): GraphFactory {
  if (backend === 'wasm' || device === undefined)
    return { backend, create: (name, onnx, externalData = []) => openGraph(ort, backend, name, onnx, externalData), dispose: () => Promise.resolve() };
  const watched: WatchedDevice = { device, lost: undefined };
  device.lost.then(({ message }) => {
    watched.lost = message || 'no reason was given';
  });
  const provider = { name: backend, device };
  return {
    backend,
    create: (name, onnx, externalData = []) => openGraph(ort, provider, name, onnx, externalData, watched),
    dispose: () => Promise.resolve(),
  };
}

/** `lost` says why, once it is: what the runtime is asked to do on a lost device may never end. */
type WatchedDevice = { readonly device: GPUDevice; lost: string | undefined };

type Provider = InferenceSession.ExecutionProviderConfig;

async function openGraph(
  ort: OrtWeb,
  provider: Provider,
  name: string,
  onnx: Uint8Array,
  externalData: readonly ExternalData[],
  watched?: WatchedDevice,
): Promise<Graph> {
  const assertDevice = (): void => {
    if (watched?.lost !== undefined) throw failed(`Graph ${name} could not be run`, `the WebGPU device was lost (${watched.lost}); use another device`);
  };
  assertDevice();
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(externalData.length > 0 ? { externalData } : {}),
  };
  const session = await ort.InferenceSession.create(onnx, options).catch((cause: unknown) => {
    throw failed(`Graph ${name} could not be loaded`, cause);
  });
  let release: Promise<void> | undefined;
  const refuse = (cause: unknown): never => {
    throw failed(`Graph ${name} could not be run`, cause);
  };
  const openChain = watched && createChains(ort, session, watched.device, refuse);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (feeds) => {
      assertDevice();
      return runSession(ort, session, feeds).catch(refuse);
    },
    ...(openChain && {
      openChain: async (plan) => {
        assertDevice();
        return openChain(plan);
      },
    }),
    dispose: () => {
      release ??= session.release();
      return release;
    },
  };
}

async function runSession(ort: OrtWeb, session: InferenceSession, feeds: Parameters<Graph['run']>[0]): ReturnType<Graph['run']> {
  const tensors = Object.fromEntries(Object.entries(feeds).map(([name, { dims, data }]) => [name, new ort.Tensor('float32', data, dims)]));
  const outputs = await session.run(tensors);
  const plain: Record<string, { dims: readonly number[]; data: Float32Array }> = {};
  for (const [name, value] of Object.entries(outputs)) {
    const data = (await value.getData()) as Float32Array; // the contract's outputs are float32
    plain[name] = { dims: value.dims, data: data.slice() }; // a copy: the runtime may own the memory behind it
    value.dispose();
  }
  return plain;
}

async function hasWebGpu(): Promise<boolean> {
  const { gpu } = navigator as { readonly gpu?: { requestAdapter(): Promise<unknown> } }; // WebGPU is not in this package's type libraries
  return gpu !== undefined && (await gpu.requestAdapter()) !== null;
}

function failed(what: string, cause: unknown): RestoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RestoreError('backend-failed', `${what}: ${reason}`, { cause });
}
