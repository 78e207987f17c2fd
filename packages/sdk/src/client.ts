/** Options and a runtime -> a client, which restores pictures on a server or on the device, whichever is asked for and can. */
import type { EngineFacts } from '@fairweather/core';
import type { BatchItem } from './batch.ts';
import { checkClientOptions, type ClientOptions, type ClientSettings } from './client-options.ts';
import { linkSignal, untilAborted } from './deadline.ts';
import type {
  Engine,
  EngineCapabilities,
  EngineInput,
  EngineRun,
  Fallback,
  InspectOptions,
  InspectResult,
  OnProgress,
  PreloadOptions,
  ProgressEvent,
  RestoreOptions,
  RestoreResult,
  StoredFacts,
} from './engine-port.ts';
import { asClientError, RestoreError } from './errors.ts';
import { type PictureInput, readPicture } from './input.ts';
import type { Jobs } from './job-types.ts';
import type { Platform } from './platform.ts';
import { createRemoteEngine, onDeviceOnly } from './remote-engine.ts';
import type { OpenRemote, Router } from './router.ts';
import { createTransport } from './transport.ts';

/** Restores pictures. Calls may overlap; every one takes `signal` and `onProgress`. Nothing is downloaded or started before the first call. */
export type Client = {
  /**
   * A picture -> the restored one as a Blob, and a report.
   * @throws RestoreError with every code of `ErrorCode`; an abort throws the signal's reason
   */
  restore(input: PictureInput, options?: RestoreOptions): Promise<RestoreResult>;
  /** Many pictures, some at a time, in the order in which they are done. One that fails is told as its `error`, and the rest goes on. */
  restoreBatch<I extends PictureInput>(
    inputs: Iterable<I> | AsyncIterable<I>,
    options?: BatchOptions,
  ): AsyncGenerator<BatchItem<I, RestoreResult>, void, undefined>;
  /** A picture -> the weather in it; nothing is restored. */
  inspect(input: PictureInput, options?: InspectOptions): Promise<InspectResult>;
  /** Restorations that a server was handed, by their ids, for work that may outlive this page or process. */
  readonly jobs: Jobs;
  /** Makes a model ready ahead of its first use: on the device unless `backend` is `remote`, where it wakes the server. */
  preload(options?: PreloadOptions): Promise<EngineFacts>;
  /** Whether the device could restore without any network. */
  isCached(options?: Pick<PreloadOptions, 'model' | 'precision'>): Promise<boolean>;
  /** What this device has stored, in bytes: models, engine, and files that are no longer of use. */
  stored(): Promise<StoredFacts>;
  /** Removes the files that this device has stored. */
  clearCache(): Promise<void>;
  /** What could restore here with a model, in the order in which it would be tried; downloads none. */
  capabilities(options?: Pick<PreloadOptions, 'model'>): Promise<readonly EngineCapabilities[]>;
  /** Stops what runs (it ends in `disposed`), ends workers and returns their memory. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** Options of every picture of a batch, and how many are worked on at a time. */
export type BatchOptions = RestoreOptions & {
  /** Pictures at a time. @default 4 with a server, else 1 */
  readonly concurrency?: number;
};

/** What a client is made from besides its options. */
export type ClientDeps = {
  readonly platform: Platform;
  /** What chooses between server and device; undefined where there is no device. Loaded only when a device may be used. */
  readonly openRouter: ((settings: ClientSettings, platform: Platform, remote: OpenRemote | undefined) => Promise<Router>) | undefined;
};

/** @throws RestoreError `invalid-option`, `secret-key-in-browser` */
export function createClientWith(options: ClientOptions, { platform, openRouter }: ClientDeps): Client {
  const settings = checkClientOptions(options, platform.runtime);
  const { backend, privacy, baseUrl, fetch } = settings;
  const disposal = new AbortController();
  const transport = baseUrl ? createTransport({ ...settings, baseUrl, platform }) : undefined;
  const remote = transport ? (isLast: boolean): Engine => createRemoteEngine(transport, isLast) : undefined;

  const open = async (): Promise<Router> => {
    let cause: unknown;
    try {
      if (backend !== 'remote' && openRouter) return await openRouter(settings, platform, remote);
    } catch (error) {
      cause = error; // its code did not come; where a server may restore, that is enough
    }
    if (!remote || !['auto', 'remote'].includes(backend) || privacy === 'on-device')
      throw new RestoreError('engine-unavailable', 'No engine of this device could be loaded; use a server.', { cause });
    const server = remote(true);
    return { ...server, run: (_, work) => work(server, []), openDevice: async () => server };
  };
  let opening: Promise<Router> | undefined;
  /** What restores here, opened once. */
  const router = (): Promise<Router> => {
    if (!opening) {
      opening = open();
      opening.catch(() => (opening = undefined)); // the next call tries again; this one's error reaches its caller
    }
    return opening;
  };

  /** One call: its signal ends with the caller's, the client's and a listener that throws; its clock starts now. */
  const call = async <T>(
    { signal, onProgress }: { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined },
    work: (running: { readonly signal: AbortSignal; readonly onProgress?: OnProgress }) => Promise<T>,
  ): Promise<T> => {
    const start = platform.now();
    const controller = new AbortController();
    const unlink = [linkSignal(disposal.signal, controller), linkSignal(signal, controller)];
    const tell = (event: ProgressEvent): void => {
      try {
        onProgress?.({ ...event, elapsedMs: platform.now() - start });
      } catch (error) {
        controller.abort(error);
        throw error;
      }
    };
    try {
      controller.signal.throwIfAborted();
      return await untilAborted(work({ signal: controller.signal, ...(onProgress && { onProgress: tell }) }), controller.signal);
    } catch (error) {
      throw asClientError(error);
    } finally {
      for (const release of unlink) release();
    }
  };

  /** One picture, by the first place that can. */
  const work = <O extends InspectOptions, R>(
    input: PictureInput,
    options: O,
    verb: (engine: Engine, picture: EngineInput, options: O) => Promise<R>,
    addRun: (result: R, fallbacks: readonly Fallback[]) => R,
  ): Promise<R> =>
    call(options, async (running) => {
      const picture = await readPicture(input, { maxBytes: options.limits?.maxBytes, signal: running.signal, fetch });
      const attempt = async (engine: Engine, fallbacks: readonly Fallback[]): Promise<R> => {
        const result = await verb(engine, picture, { ...options, ...running });
        return addRun(result, fallbacks);
      };
      return (await router()).run(onDeviceOnly(picture, options), attempt, running.onProgress);
    });

  const restore = (input: PictureInput, options: RestoreOptions = {}): Promise<RestoreResult> =>
    work(
      input,
      options,
      (engine, picture, given) => engine.restore(picture, given),
      ({ image, report }, fallbacks) => ({ image, report: { ...report, run: addFallbacks(report.run, fallbacks) } }),
    );
  /** A call about jobs, whose code comes with the first of them. */
  const job =
    <A extends readonly unknown[], T>(pick: (jobs: Jobs) => (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> =>
      pick(await openJobs())(...given);
  const openJobs = async (): Promise<Jobs> => (await import('./jobs.ts')).createJobs(transport, disposal.signal, call);
  const device = async (): Promise<Engine> => (await router()).openDevice();

  let ended: Promise<void> | undefined;
  const dispose = (): Promise<void> => {
    ended ??= (async () => {
      disposal.abort(new RestoreError('disposed', 'The client was disposed of; create another.'));
      await (await opening?.catch(() => undefined))?.dispose(); // one that never opened has nothing to return
    })();
    return ended;
  };

  const client: Omit<Client, typeof Symbol.asyncDispose> = {
    restore,
    async *restoreBatch(inputs, { concurrency = remote ? 4 : 1, ...each } = {}) {
      const { runBatch } = await import('./batch.ts');
      yield* runBatch(inputs, (input, signal) => restore(input, { ...each, signal }), { concurrency, signal: each.signal });
    },
    inspect: (input, given = {}) =>
      work(
        input,
        given,
        (engine, picture, checked) => engine.inspect(picture, checked),
        (result, fallbacks) => ({ ...result, run: addFallbacks(result.run, fallbacks) }),
      ),
    jobs: {
      submit: job(({ submit }) => submit),
      submitMany: job(({ submitMany }) => submitMany),
      get: job(({ get }) => get),
      wait: job(({ wait }) => wait),
      result: job(({ result }) => result),
      cancel: job(({ cancel }) => cancel),
      async *events(...given) {
        yield* (await openJobs()).events(...given);
      },
    },
    preload: (given = {}) => call(given, async (running) => (await device()).preload({ ...given, ...running })),
    isCached: (given) => call({}, async () => (await device()).isCached(given)),
    stored: () => call({}, async () => (await device()).stored()),
    clearCache: () => call({}, async () => (await device()).clearCache()),
    capabilities: (given = {}) => call({}, async () => (await router()).capabilities(given)),
    dispose,
  };
  // Browsers that know no `await using` have no such symbol either.
  return (Symbol.asyncDispose ? { ...client, [Symbol.asyncDispose]: dispose } : client) as Client;
}

function addFallbacks(run: EngineRun, before: readonly Fallback[]): EngineRun {
  return { ...run, fallbacks: [...before, ...run.fallbacks] };
}
