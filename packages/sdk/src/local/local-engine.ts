/** Options -> an engine of this browser: core in a module worker, on WebGPU where it can be trusted, else on WebAssembly. */
import type { Engine, EngineRun, InspectOptions, LocalEngineOptions, PreloadOptions, ProgressEvent, RestoreOptions } from '../engine-port.ts';
import { isRestoreError, RestoreError } from '../errors.ts';
import { commonFault, findCapabilities, NO_ISOLATION } from './capabilities.ts';
import { createFileCache } from './file-cache.ts';
import { createFileStore } from './file-store.ts';
import { checkLocalOptions } from './local-options.ts';
import { filesOf, hasPrecision, modelOf, type PageManifest, readCachedManifest, readManifest } from './manifest.ts';
import type { Results, WebBackend, WorkerEvent } from './messages.ts';
import { modelFileFacts, runtimeKeyPrefix, scriptKeyPrefix } from './places.ts';
import { findStored } from './stored.ts';
import { createReadiness, type ReadyWorker, type StepDown } from './readiness.ts';
import { shareWork, type SharedWork } from './shared-work.ts';
import { WorkerLostError } from './worker-client.ts';
import { createWorkers } from './workers.ts';

/** What `restore` and `inspect` have in common. */
type CallOptions = RestoreOptions | InspectOptions;
type ReadyEvent = WorkerEvent | StepDown;

/**
 * An engine that restores in this browser; pictures never leave it. Cheap: nothing is downloaded and no worker started before the first call that
 * needs it. Works in a page and in a dedicated worker.
 * @throws RestoreError `invalid-option`
 */
export async function createLocalEngine(options: LocalEngineOptions = {}): Promise<Engine> {
  const { backends, places, threads, fetch } = checkLocalOptions(options);
  const cache = createFileCache();
  const notes = new Set<string>();
  const workers = createWorkers({ places, threads, store: createFileStore(cache, fetch), onNote: (note) => notes.add(note) });
  const readiness = createReadiness(backends, workers);
  /** By model and precision as they were asked for. */
  const ready = new Map<string, SharedWork<ReadyWorker, ReadyEvent>>();
  let manifest: Promise<PageManifest> | undefined;
  let kind: WebBackend = backends[0] === 'webgpu' && globalThis.navigator?.gpu === undefined ? (backends[1] ?? 'webgpu') : backends[0];
  let disposed: RestoreError | undefined;

  const checkAlive = (): void => {
    if (disposed !== undefined) throw disposed;
    const fault = commonFault();
    if (fault !== undefined) throw new RestoreError('engine-unavailable', fault);
  };
  const getManifest = (): Promise<PageManifest> => {
    if (manifest === undefined) {
      manifest = readManifest(places.models, cache, fetch);
      manifest.catch(() => (manifest = undefined)); // the next call tries again; this one's error reaches its caller
    }
    return manifest;
  };

  const getReady = (options: Pick<CallOptions, 'model' | 'precision' | 'signal'>, tell: (event: ReadyEvent) => void): Promise<ReadyWorker> => {
    const key = `${options.model} ${options.precision}`;
    let work = ready.get(key);
    if (work === undefined) {
      const fresh = shareWork<ReadyWorker, ReadyEvent>(async (signal, tellAll) => {
        const json = await getManifest();
        signal.throwIfAborted();
        return readiness.find(json, options.model ?? json.defaultModel, options.precision, { signal, tell: tellAll });
      });
      ready.set(key, fresh);
      fresh.result.then(
        ({ rung }) => {
          kind = rung.backend;
        },
        () => forget(key, fresh),
      );
      work = fresh;
    }
    return work.join(options.signal, tell);
  };
  const forget = (key: string, work: unknown): void => {
    if (ready.get(key) === work) ready.delete(key);
  };

  /** Finds a trusted worker, calls it, and calls again on the next one when it fails: once for a lost GPU, then one step down. */
  const run = async <T extends 'restore' | 'inspect'>(
    type: T,
    input: Parameters<Engine['restore']>[0],
    options: CallOptions,
  ): Promise<{ readonly result: Results[T]; readonly run: EngineRun; readonly readyMs: number }> => {
    checkAlive();
    const { signal, onProgress, ...plain } = options;
    signal?.throwIfAborted();
    const begin = performance.now();
    const tell = (event: ProgressEvent): void => onProgress?.({ ...event, elapsedMs: performance.now() - begin });
    const callNotes: string[] = [];
    for (let losses = 0; ; ) {
      const key = `${options.model} ${options.precision}`;
      const found = await getReady(options, tell);
      const work = ready.get(key);
      const readyMs = performance.now() - begin;
      const { client, facts } = found.worker;
      try {
        const full = { ...plain, model: found.facts.model.name, precision: found.rung.precision };
        const result = await client.call(type, { input, options: full }, { signal, onEvent: tell });
        return { result, readyMs, run: describeRun(found, facts.threads, callNotes) };
      } catch (error) {
        if (error instanceof WorkerLostError) {
          forget(key, work);
          if (++losses === 1) callNotes.push(`${error.message} The picture was started again.`);
          else if (!readiness.giveUp(found.facts.model.name, found, `${error.message} It happened twice.`)) throw asUnavailable(error);
        } else if (isRestoreError(error) && error.code === 'backend-failed') {
          // What the runtime is left in after a failure is not known: the worker ends, whether or not there is another way.
          forget(key, work);
          if (!readiness.giveUp(found.facts.model.name, found, error.message)) throw error;
        } else throw error;
      }
    }
  };
  const describeRun = ({ rung, fallbacks, notes: own }: ReadyWorker, used: number, callNotes: readonly string[]): EngineRun => {
    const isolation = rung.backend === 'wasm' && !globalThis.crossOriginIsolated ? [NO_ISOLATION] : [];
    const cpu = rung.backend === 'wasm' ? { threads: used } : {};
    return { engine: rung.backend, fallbacks, notes: [...callNotes, ...own, ...isolation, ...notes], ...cpu };
  };

  /** Precisions a first call would use, the preferred first. */
  const missingBytes = async (backend: WebBackend, precisions: readonly ('fp32' | 'fp16')[], name: string | undefined): Promise<number | undefined> => {
    const known = await getManifest().catch(() => undefined); // offline and never seen: then it is not known
    if (known === undefined) return undefined;
    const model = modelOf(known, name);
    const precision = precisions.find((wanted) => hasPrecision(model, wanted)) ?? 'fp32';
    const sizes = filesOf(model, precision).map(async (entry) => ((await cache.has(modelFileFacts(entry, places.models).key)) ? 0 : entry.bytes));
    const runtime = (await cache.hasAny(runtimeKeyPrefix(backend))) ? 0 : RUNTIME_BYTES[backend];
    return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, runtime);
  };

  return {
    get kind() {
      return kind;
    },
    async restore(input, options = {}) {
      const { result, run: ran, readyMs } = await run('restore', input, options);
      const { load, total } = result.report.timings;
      const timings = { ...result.report.timings, load: load + readyMs, total: total + readyMs };
      return { image: result.image, report: { ...result.report, timings, run: ran } };
    },
    async inspect(input, options = {}) {
      const { result, run: ran, readyMs } = await run('inspect', input, options);
      const { load, total } = result.timings;
      return { ...result, timings: { ...result.timings, load: load + readyMs, total: total + readyMs }, run: ran };
    },
    async preload(options: PreloadOptions = {}) {
      checkAlive();
      const begin = performance.now();
      const { onProgress } = options;
      return (await getReady(options, (event) => onProgress?.({ ...event, elapsedMs: performance.now() - begin }))).facts;
    },
    async isCached({ model, precision } = {}) {
      const known = await readCachedManifest(places.models, cache);
      if (known === undefined) return false;
      const spec = modelOf(known, model);
      const complete = async (wanted: 'fp32' | 'fp16'): Promise<boolean> =>
        hasPrecision(spec, wanted) &&
        (await Promise.all(filesOf(spec, wanted).map((entry) => cache.has(modelFileFacts(entry, places.models).key)))).every(Boolean);
      const computes = async (backend: WebBackend): Promise<boolean> => {
        if (backend === 'webgpu' && globalThis.navigator?.gpu === undefined) return false;
        if (!(await cache.hasAny(runtimeKeyPrefix(backend)))) return false;
        if (places.assets !== undefined && !(await cache.hasAny(scriptKeyPrefix(backend)))) return false;
        // As the ladder has it: the CPU computes in fp32 unless it is asked for another.
        const precisions = precision !== undefined ? [precision] : backend === 'webgpu' ? (['fp16', 'fp32'] as const) : (['fp32'] as const);
        return (await Promise.all(precisions.map(complete))).some(Boolean);
      };
      return (await Promise.all(backends.map(computes))).some(Boolean);
    },
    stored: () => findStored(cache, places),
    clearCache: () => cache.clear(),
    capabilities: ({ model } = {}) => findCapabilities(backends, threads, (backend, precisions) => missingBytes(backend, precisions, model)),
    async dispose() {
      disposed ??= new RestoreError('disposed', 'Expected a living engine, this one was disposed of; create another.');
      for (const work of ready.values()) work.stop(disposed);
      for (const backend of backends) workers.end(backend, disposed);
      ready.clear();
    },
  };
}

/** What the runtime's WebAssembly weighs when a server compresses it, in bytes: brotli of quality 5 to 9 gives 4.6 to 5.0 and 2.7 to 2.9 MB. */
const RUNTIME_BYTES: Readonly<Record<WebBackend, number>> = { webgpu: 5_000_000, wasm: 2_900_000 };

function asUnavailable(cause: Error): RestoreError {
  return new RestoreError('engine-unavailable', `No engine of this browser works. ${cause.message}`, { cause });
}
