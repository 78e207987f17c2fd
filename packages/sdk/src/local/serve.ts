/** Runs in the worker: one build of the runtime in, a restorer served to the page; one piece of work at a time. */
import { version } from '../../package.json';
import { createRestorer, createModelStore, type GraphFactory, type Restorer } from '@fairweather/core';
import { createBrowserCodec } from '@fairweather/core/codec-browser';
import { createGraphsOn, type OrtWeb } from '@fairweather/core/ort-web';
import { RestoreError } from '../errors.ts';
import { describeFailure, reviveFailure } from './failure.ts';
import { openGpuDevice } from './gpu-device.ts';
import type {
  OpenedFacts,
  OpenRequest,
  Results,
  RunRequest,
  StartedFacts,
  StartRequest,
  WebBackend,
  WorkerEvent,
  WorkerReply,
  WorkerRequest,
} from './messages.ts';
import { asPictureFile } from './picture-file.ts';
import { measureSelfTest } from './self-test.ts';

/** What a worker of the browser has to offer; `self`, but TypeScript's library takes it for a page. */
type WorkerScope = { readonly name: string; postMessage(reply: WorkerReply): void; onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null };

/** Listens to the page. The runtime's own threads run this very file: they are told by their name, and left alone. */
export function serveEngine(ort: OrtWeb, backend: WebBackend): void {
  const scope = globalThis as unknown as WorkerScope; // only workers import this
  if (scope.name.startsWith('em-pthread')) return;
  const waiting = new Map<number, { resolve(file: Blob): void; reject(error: Error): void }>();
  const aborts = new Map<number, AbortController>();
  let nextNeed = 1;
  let current = 0;
  let started: { readonly restorer: Restorer; readonly compiled: CompileCount } | undefined;
  let before: Promise<unknown> = Promise.resolve();

  const tell = (reply: WorkerReply): void => scope.postMessage(reply);
  /** Files are fetched by the page, which also keeps them. */
  const need = (file: string, of: 'models' | 'runtime'): Promise<Blob> =>
    new Promise((resolve, reject) => {
      waiting.set(nextNeed, { resolve, reject });
      tell({ type: 'need', id: current, need: nextNeed++, file, of });
    });

  const start = async ({ version: wanted, manifest, threads, wasmUrl, lock }: StartRequest): Promise<StartedFacts> => {
    if (wanted !== version)
      throw new RestoreError('engine-unavailable', `Expected assets of version ${wanted}, these are of ${version}; run fairweather assets copy again.`);
    await holdLock(lock);
    ort.env.logLevel = 'error';
    // WebGPU computes nothing on the CPU that would be worth threads, and each of them takes memory.
    ort.env.wasm.numThreads = backend === 'webgpu' ? 1 : (threads ?? chooseThreads());
    if (wasmUrl !== undefined) ort.env.wasm.wasmPaths = { wasm: wasmUrl };
    interceptWasm(need);
    const device = backend === 'webgpu' ? await openGpuDevice() : undefined;
    // Reason `destroyed` would be our own doing.
    void device?.lost.then(
      ({ reason, message }) => reason !== 'destroyed' && tell({ type: 'lost', reason: `The GPU was lost: ${message || 'no reason given'}` }),
    );
    const compiled: CompileCount = { done: 0 };
    const graphs = countGraphs(createGraphsOn(ort, backend, device), compiled, (event) => tell({ type: 'event', id: current, event }));
    const models = createModelStore(manifest, async (file) => new Uint8Array(await (await need(file, 'models')).arrayBuffer()));
    started = { restorer: createRestorer({ models, graphs, codec: await createBrowserCodec(), pause: letMessagesIn }), compiled };
    return {
      threads: ort.env.wasm.numThreads,
      precisions: device?.features.has('shader-f16') ? ['fp16', 'fp32'] : backend === 'webgpu' ? ['fp32'] : ['fp32', 'fp16'],
    };
  };

  const open = async ({ model, precision, selfTest }: OpenRequest, { restorer, compiled }: NonNullable<typeof started>): Promise<OpenedFacts> => {
    compiled.done = 0;
    const engine = await restorer.load({ model, precision });
    if (selfTest === undefined) return { engine };
    const [degraded, restored] = await Promise.all([need(selfTest.degraded, 'models'), need(selfTest.restored, 'models')]);
    return { engine, psnrDb: await measureSelfTest(restorer, { degraded, restored, seed: selfTest.seed }, { model, precision }) };
  };

  const run = async (
    { type, id, input, options }: RunRequest,
    { restorer }: NonNullable<typeof started>,
    signal: AbortSignal,
  ): Promise<Results['restore' | 'inspect']> => {
    const full = { ...options, signal, onProgress: (event: WorkerEvent) => tell({ type: 'event', id, event }) };
    const file = await asPictureFile(input);
    if (type === 'inspect') return restorer.inspect(file, full);
    const { image, mediaType, report } = await restorer.restore(file, full);
    return { image: new Blob([image], { type: mediaType }), report };
  };

  const work = async (request: StartRequest | OpenRequest | RunRequest, signal: AbortSignal): Promise<void> => {
    current = request.id;
    try {
      signal.throwIfAborted();
      if (request.type === 'start') return tell({ type: 'done', id: request.id, result: await start(request) });
      if (started === undefined) throw new Error('The first message must be start.');
      tell({ type: 'done', id: request.id, result: request.type === 'open' ? await open(request, started) : await run(request, started, signal) });
    } catch (error) {
      tell({ type: 'failed', id: request.id, failure: describeFailure(error, signal) });
    } finally {
      aborts.delete(request.id);
    }
  };

  scope.onmessage = ({ data }) => {
    if (data.type === 'abort') return aborts.get(data.id)?.abort();
    if (data.type === 'file') {
      const { file, need: number } = data;
      if (file instanceof Blob) waiting.get(number)?.resolve(file);
      else waiting.get(number)?.reject(reviveFailure(file));
      waiting.delete(number);
      return;
    }
    const abort = new AbortController();
    aborts.set(data.id, abort);
    before = before.then(() => work(data, abort.signal));
  };
}

/** How many graphs of the model that is being opened are ready. */
type CompileCount = { done: number };

/** The four graphs of the contract; one that queries at every step has four as well. */
const GRAPHS = 4;

function countGraphs(graphs: GraphFactory, compiled: CompileCount, tell: (event: WorkerEvent) => void): GraphFactory {
  const start = performance.now();
  return {
    ...graphs,
    async create(name, onnx, externalData) {
      const graph = await graphs.create(name, onnx, externalData);
      tell({ type: 'compile', done: ++compiled.done, total: GRAPHS, elapsedMs: performance.now() - start });
      return graph;
    },
  };
}

/** Half the processors, at most 4: beyond, threads wait for one another. Without cross-origin isolation there is one. */
function chooseThreads(): number {
  return globalThis.crossOriginIsolated ? Math.max(1, Math.min(4, Math.ceil((navigator.hardwareConcurrency || 1) / 2))) : 1;
}

/** Held until the worker dies; the page waits for it, so it must be ours before the page hears of us. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => {});
    };
    // Where locks are missing or forbidden, a death is noticed by its error alone.
    if (navigator.locks === undefined) resolve();
    else navigator.locks.request(name, hold).catch(() => resolve());
  });
}

/** The runtime fetches its .wasm by itself, from where the bundler put it. The page gets it instead: with progress, and to keep. */
function interceptWasm(need: (file: string, of: 'runtime') => Promise<Blob>): void {
  const fetchAsBefore = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, self.location.href).href;
    if (!/\.wasm($|\?)/.test(url)) return fetchAsBefore(input, init);
    return new Response(await need(url, 'runtime'), { headers: { 'content-type': 'application/wasm' } });
  };
}

/** A message of its own, for timers of 0 ms are held back to 4. */
function letMessagesIn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
