/** The graph port on Node, by onnxruntime-node, in a worker thread: its `run()` blocks the thread it is called on. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, platform } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RestoreError } from '../errors.ts';
import type { GraphFactory } from '../graph/graph.ts';
import { importRuntime } from './import-runtime.ts';
import type { WorkerReply, WorkerRequest } from './ort-node-worker.ts';
import { openOrtSession, type SessionSettings } from './ort-session.ts';
import { createHostedGraphs, type SessionHost } from './session-host.ts';
import { createSharedMemory, onlyShared, shareTensors } from './shared-memory.ts';

/** Execution providers of onnxruntime-node. `auto` is CUDA where it is installed and works, else the CPU. */
export type NodeBackend = 'auto' | 'cpu' | 'cuda' | 'webgpu';

export type NodeGraphOptions = {
  /** @default 'auto' */
  readonly backend?: NodeBackend;
  /** Threads of one inference. @default as many as the process may use */
  readonly threads?: number;
  /** Whether inference runs in a worker thread, so that the event loop stays free. @default true */
  readonly worker?: boolean;
};

/**
 * Finds the execution provider and gives a factory. Nothing is loaded before the first graph but the runtime itself.
 * @throws RestoreError `runtime-missing`, `invalid-option` (a provider this build of onnxruntime-node lacks)
 */
export async function createNodeGraphs(options: NodeGraphOptions = {}): Promise<GraphFactory> {
  const { backend = 'auto', threads = availableParallelism(), worker = true } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new RestoreError('invalid-option', `threads must be an integer from 1 on, got ${threads}.`, { details: { option: 'threads' } });
  const { listSupportedBackends } = await importRuntime('onnxruntime-node', () => import('onnxruntime-node'));
  const known = listSupportedBackends().map(({ name }) => name);
  if (backend !== 'auto' && !known.includes(backend))
    throw new RestoreError('invalid-option', `backend must be auto or one of ${known.join(', ')} on this machine, got ${backend}.`, {
      details: { option: 'backend', known },
    });
  const chosen = backend !== 'auto' ? ([backend] as const) : known.includes('cuda') && hasCudaLibrary() ? (['cuda', 'cpu'] as const) : (['cpu'] as const);
  return createHostedGraphs(chosen, (name) => (worker ? startWorker({ backend: name, threads }) : hostHere({ backend: name, threads })));
}

/** onnxruntime-node lists CUDA also where its libraries have not been downloaded, and then fails loudly on stderr. */
function hasCudaLibrary(): boolean {
  const binding = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return existsSync(join(binding, '..', 'bin', 'napi-v6', platform(), arch(), 'libonnxruntime_providers_cuda.so'));
}

function hostHere(settings: SessionSettings): SessionHost {
  return { open: (onnx, externalData) => openOrtSession(onnx, externalData, settings), close: () => Promise.resolve() };
}

/** Enough for what two tiles of 900 x 900 take and give: the one that is with the network, and the next. */
const KEPT_BYTES = 64 * 2 ** 20;

/** onnxruntime-node takes arrays in shared memory since Node 24; Deno and older Nodes refuse them with "Invalid argument". */
function readsSharedMemory(): boolean {
  return Number.parseInt(process.versions.node, 10) >= 24 && !('Deno' in globalThis);
}

/** A worker thread that holds the sessions. It does not keep the process alive while it has nothing to do. */
function startWorker(settings: SessionSettings): SessionHost {
  const here = import.meta.url; // the worker stands beside this file, with the same ending: .ts, .js or .cjs
  const worker = new Worker(new URL(`./ort-node-worker${here.slice(here.lastIndexOf('.'))}`, here), { workerData: settings });
  worker.unref();
  const memory = readsSharedMemory() ? createSharedMemory(KEPT_BYTES) : undefined;
  const waiting = new Map<number, { resolve(reply: WorkerReply): void; reject(error: unknown): void }>();
  let nextId = 1;
  let lost: unknown;

  const lose = (error: unknown): void => {
    lost = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker.unref();
  };
  worker.on('error', lose);
  worker.on('exit', (code) => lose(new Error(`The inference thread has ended (exit code ${code}).`)));
  worker.on('message', (reply: WorkerReply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if (reply.type === 'failed') call?.reject(reply.error);
    else call?.resolve(reply);
  });

  const ask = <T extends WorkerReply['type']>(request: WorkerRequest): Promise<Extract<WorkerReply, { type: T }>> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) return reject(lost);
      waiting.set(request.id, { resolve: resolve as (reply: WorkerReply) => void, reject }); // a request's reply is of the type that answers it
      worker.ref();
      worker.postMessage(request);
    });

  return {
    async open(onnx, externalData) {
      const { session, inputNames, outputNames } = await ask<'created'>({ id: nextId++, type: 'create', onnx, externalData });
      return {
        inputNames,
        outputNames,
        async run(feeds, into = {}) {
          const { shared, taken } = memory === undefined ? { shared: feeds, taken: [] } : shareTensors(feeds, memory);
          const request = { id: nextId++, type: 'run', session, feeds: shared, into: onlyShared(into) } as const;
          return { ...request.into, ...(await ask<'ran'>(request).finally(() => memory?.giveBack(taken))).outputs };
        },
        ...(memory === undefined ? {} : { memory }),
        release: async () => {
          if (lost === undefined) await ask<'released'>({ id: nextId++, type: 'release', session });
        },
      };
    },
    async close() {
      await worker.terminate();
    },
  };
}
