/** A restorer: models, their sessions and a codec behind three verbs: `restore`, `inspect`, `dispose`. */
import { RestoreError } from './errors.ts';
import type { GraphFactory } from './graph/graph.ts';
import { findModel } from './graph/manifest.ts';
import type { Manifest } from './graph/model-spec.ts';
import type { ModelStore } from './graph/model-store.ts';
import type { ImageCodec } from './image/codec.ts';
import { type CheckedOptions, checkOptions, type InspectOptions, type RestoreOptions } from './options.ts';
import type { EngineFacts, InspectResult, RestoreResult } from './report.ts';
import { type AnyOpenModel, openModel } from './open-model.ts';
import { inspectImage, type RestoreDeps, restoreImage } from './restore.ts';

/** Loads a model at its first use and keeps it until `dispose`. Calls may overlap. */
export type Restorer = {
  /** The manifest in use: names, weathers and versions of the models. */
  readonly manifest: Manifest;
  /**
   * A degraded picture -> the restored one, as a finished file, and a report.
   * @param input a picture file: JPEG, PNG, WebP, AVIF, GIF (first frame) or TIFF (first page)
   * @throws RestoreError with every code of `RestoreErrorCode`; an abort throws the signal's reason
   */
  restore(input: Uint8Array | Blob, options?: RestoreOptions): Promise<RestoreResult>;
  /** A picture -> the weather in it. Costs a decode and a few milliseconds; nothing is restored. */
  inspect(input: Uint8Array | Blob, options?: InspectOptions): Promise<InspectResult>;
  /** Loads and verifies a model ahead of its first use. */
  load(options?: LoadModelOptions): Promise<EngineFacts>;
  /** Waits for running calls, then frees sessions, threads and memory. Later calls throw `disposed`. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type LoadModelOptions = Pick<InspectOptions, 'model' | 'precision' | 'signal' | 'onProgress'>;

/** The parts a restorer is made of. */
export type RestorerDeps = {
  readonly models: ModelStore;
  readonly graphs: GraphFactory;
  readonly codec: ImageCodec;
  /** Milliseconds of a monotonic clock. @default performance.now */
  readonly now?: () => number;
  /** Awaited between tiles, so that other work on the event loop goes first. @default `setImmediate`, or a timer of 0 ms where there is none */
  readonly pause?: () => Promise<void>;
};

/** Parts -> a restorer. It owns `graphs` and disposes of it. */
export function createRestorer({ models, graphs, codec, now = () => performance.now(), pause = yieldToEvents }: RestorerDeps): Restorer {
  const open = new Map<string, Promise<AnyOpenModel>>();
  const running = new Set<Promise<unknown>>();
  let disposal: Promise<void> | undefined;

  const findOpen: RestoreDeps['openModel'] = ({ model, precision, signal }, onBytes) => {
    const { name } = findModel(models.manifest, model);
    const key = `${name} ${precision}`;
    let opening = open.get(key);
    if (opening === undefined) {
      // Shared by all callers, so one caller's abort does not stop it.
      opening = openModel(models, graphs, { model: name, precision, onBytes });
      open.set(key, opening);
      opening.catch(() => open.delete(key)); // the next call tries again; this one's error reaches the caller below
    }
    return untilAborted(opening, signal);
  };
  const deps: RestoreDeps = { codec, openModel: findOpen, now, pause };

  const track = <T>(work: () => Promise<T>): Promise<T> => {
    if (disposal !== undefined) return Promise.reject(new RestoreError('disposed', 'Expected a living restorer, this one was disposed of; create another.'));
    const call = work();
    running.add(call);
    const done = (): boolean => running.delete(call);
    call.then(done, done);
    return call;
  };
  const dispose = (): Promise<void> => {
    disposal ??= (async () => {
      await Promise.allSettled(running);
      for (const opened of await Promise.allSettled(open.values())) if (opened.status === 'fulfilled') await opened.value.dispose();
      await graphs.dispose();
    })();
    return disposal;
  };

  return {
    manifest: models.manifest,
    restore: (input, options) => track(async () => restoreImage(input, checkOptions(options), deps)),
    inspect: (input, options) => track(async () => inspectImage(input, checkInspect(options), deps)),
    load: (options) => track(async () => (await findOpen(checkOptions(options), tellLoading(options, now))).engine),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** `inspect` takes fewer options than `restore`; the others are refused, not ignored. */
function checkInspect(options: InspectOptions = {}): CheckedOptions {
  const stranger = Object.keys(options).find((key) => !['model', 'precision', 'limits', 'signal', 'onProgress'].includes(key));
  if (stranger !== undefined)
    throw new RestoreError('invalid-option', `inspect has no option "${stranger}"; it belongs to restore.`, { details: { option: stranger } });
  return checkOptions(options);
}

function tellLoading(options: LoadModelOptions | undefined, now: () => number): (file: string, loadedBytes: number, totalBytes: number) => void {
  const start = now();
  return (file, loadedBytes, totalBytes) => options?.onProgress?.({ type: 'load', file, loadedBytes, totalBytes, elapsedMs: now() - start });
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Timers of Node wait a millisecond at least. */
function yieldToEvents(): Promise<void> {
  const { setImmediate } = globalThis as { readonly setImmediate?: (done: () => void) => unknown }; // in no browser
  return new Promise((resolve) => {
    if (setImmediate === undefined) setTimeout(resolve, 0);
    else setImmediate(resolve);
  });
}
