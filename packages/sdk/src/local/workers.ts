/** At most one worker a backend -> started when it is needed, forgotten when it ends, ended on demand. */
import { version } from '../../package.json';
import type { FileStore } from './file-store.ts';
import type { OpenedFacts, StartedFacts, WebBackend, WorkerEvent } from './messages.ts';
import { findFile, modelOf, type PageManifest, selfTestOf } from './manifest.ts';
import { modelFileFacts, type Places, runtimeFileFacts, scriptFileFacts, WASM_FILES } from './places.ts';
import { startWorker } from './start-worker.ts';
import { createWorkerClient, type WorkerClient } from './worker-client.ts';

/** A worker that has started, and what has been opened in it. */
export type LiveWorker = { readonly client: WorkerClient; readonly facts: StartedFacts; readonly opened: Map<string, OpenedFacts> };

export type WorkerDeps = {
  readonly places: Places;
  readonly store: FileStore;
  readonly threads: number | undefined;
  readonly onNote: (note: string) => void;
};

export type Workers = {
  /** The live worker of a backend, or a new one. */
  get(backend: WebBackend, manifest: PageManifest): Promise<LiveWorker>;
  /** Loads, verifies and compiles a model, and runs its self-test. */
  open(worker: LiveWorker, backend: WebBackend, manifest: PageManifest, want: ModelChoice, options: OpenOptions): Promise<OpenedFacts>;
  end(backend: WebBackend, reason: Error): void;
};

export type ModelChoice = { readonly model: string; readonly precision: 'fp32' | 'fp16' };
export type OpenOptions = { readonly signal: AbortSignal; readonly tell: (event: WorkerEvent) => void };

export function createWorkers({ places, store, threads, onNote }: WorkerDeps): Workers {
  const live = new Map<WebBackend, Promise<LiveWorker>>();
  let count = 0;

  const start = async (backend: WebBackend, manifest: PageManifest): Promise<LiveWorker> => {
    const lock = `fairweather worker ${crypto.randomUUID()} ${++count}`;
    const readScript = async (url: URL): Promise<string> => (await store.read(scriptFileFacts(url, backend), { onNote })).text();
    const client = createWorkerClient(await startWorker(backend, places.assets, readScript), lock);
    const wasmUrl = places.assets === undefined ? undefined : new URL(WASM_FILES[backend], places.assets).href;
    try {
      const facts = await client.call('start', { version, manifest: manifest.json, threads, wasmUrl, lock });
      return { client, facts, opened: new Map() };
    } catch (error) {
      client.end(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };

  const get = async (backend: WebBackend, manifest: PageManifest): Promise<LiveWorker> => {
    const found = live.get(backend);
    const worker = await found?.catch(() => undefined); // one that could not start is started anew
    if (worker !== undefined && !worker.client.lost) return worker;
    if (live.get(backend) !== found) return get(backend, manifest); // another call was quicker
    const starting = start(backend, manifest);
    live.set(backend, starting);
    return starting;
  };

  return {
    get,
    async open(worker, backend, manifest, { model, precision }, { signal, tell }) {
      const key = `${model} ${precision}`;
      const known = worker.opened.get(key);
      if (known !== undefined) return known;
      const spec = modelOf(manifest, model);
      const begin = performance.now();
      const onNeed = async (file: string, of: 'models' | 'runtime'): Promise<Blob> => {
        const entry = of === 'models' ? findFile(spec, file) : undefined;
        if (of === 'models' && entry === undefined) throw new Error(`The manifest knows no file ${file}.`);
        const facts = entry === undefined ? runtimeFileFacts(file, backend) : modelFileFacts(entry, places.models);
        const onBytes = (loadedBytes: number, totalBytes: number): void =>
          tell({ type: 'load', file: facts.name, loadedBytes, totalBytes, elapsedMs: performance.now() - begin });
        return store.read(facts, { signal, onBytes, onNote });
      };
      const opened = await worker.client.call('open', { model, precision, selfTest: selfTestOf(spec) }, { signal, onEvent: tell, onNeed });
      worker.opened.set(key, opened);
      return opened;
    },
    end(backend, reason) {
      const worker = live.get(backend);
      live.delete(backend);
      worker?.then(
        ({ client }) => client.end(reason),
        () => {}, // it never started, and has been ended
      );
    },
  };
}
