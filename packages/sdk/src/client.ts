/** `createClient`: options in; a client out that restores pictures on a server or on the device, whichever is asked for and can. */
import type { EngineFacts } from '@fairweather/core';
import { type BatchItem, runBatch } from './batch.ts';
import { checkClientOptions, type ClientOptions } from './client-options.ts';
import { linkSignal, untilAborted } from './deadline.ts';
import type {
  Engine,
  EngineCapabilities,
  EngineInput,
  EngineRun,
  Fallback,
  InspectOptions,
  InspectResult,
  PreloadOptions,
  ProgressEvent,
  RestoreOptions,
  RestoreResult,
} from './engine-port.ts';
import { asClientError, RestoreError } from './errors.ts';
import { followRoute, meansServerDown, type Place, planRoute, type Route } from './fallback.ts';
import { type PictureInput, readPicture } from './input.ts';
import type { LoadEngine } from './load-engine.ts';
import type { Platform } from './platform.ts';
import { createRemoteEngine, onDeviceOnly } from './remote-engine.ts';
import { createTokenSource } from './token.ts';
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
  /** Makes a model ready ahead of its first use: on the device unless `backend` is `remote`, where it wakes the server. */
  preload(options?: PreloadOptions): Promise<EngineFacts>;
  /** Whether the device could restore without any network. */
  isCached(options?: Pick<PreloadOptions, 'model' | 'precision'>): Promise<boolean>;
  /** Removes the model files that this device has stored. */
  clearCache(): Promise<void>;
  /** What could restore here, in the order in which it would be tried; downloads no model. */
  capabilities(): Promise<readonly EngineCapabilities[]>;
  /** Stops what runs (it ends in `disposed`), ends workers and returns their memory. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type BatchOptions = RestoreOptions & {
  /** Pictures at a time. @default 4 with a server, else 1 */
  readonly concurrency?: number;
};

/** What a client is made from besides its options. */
export type ClientDeps = {
  readonly platform: Platform;
  /** The device's engine; undefined where there is none. */
  readonly loadEngine: LoadEngine | undefined;
};

/** After the server was not reached, the device goes first for so long. */
const SERVER_REST_MS = 30_000;

/** @throws RestoreError `invalid-option`, `secret-key-in-browser` */
export function createClientWith(options: ClientOptions, { platform, loadEngine }: ClientDeps): Client {
  const settings = checkClientOptions(options, platform.runtime);
  const { backend, privacy, baseUrl, fetch, models, assets, threads } = settings;
  const disposal = new AbortController();
  const tokens = createTokenSource(settings.apiKey, platform.now);
  const transport = baseUrl === undefined ? undefined : createTransport({ ...settings, baseUrl, tokens, platform });
  const xhr = !settings.ownFetch && platform.runtime === 'browser' && typeof XMLHttpRequest !== 'undefined';
  let device: Promise<Engine> | undefined;
  let serverDown: { readonly why: string; readonly until: number } | undefined;

  const openDevice = (): Promise<Engine> => {
    if (device !== undefined) return device;
    const opening = (async () => {
      const insists = backend === 'webgpu' || backend === 'wasm';
      if (loadEngine === undefined || (insists && platform.runtime !== 'browser') || (backend === 'node' && platform.runtime !== 'node'))
        throw new RestoreError(
          'engine-unavailable',
          `Backend ${backend} does not exist on this runtime (${platform.runtime}); use auto, or remote with a baseUrl.`,
        );
      const create = await loadEngine();
      return create({
        ...(insists ? { backend } : {}),
        ...(models === undefined ? {} : { models }),
        ...(assets === undefined ? {} : { assets }),
        ...(threads === undefined ? {} : { threads }),
        ...(settings.ownFetch ? { fetch } : {}),
      });
    })();
    device = opening;
    opening.catch(() => {
      if (device === opening) device = undefined; // the next call tries again; this one's error reaches its caller
    });
    return opening;
  };
  const openPlace = async (place: Place, isLast: boolean): Promise<Engine> => {
    if (place === 'device') return openDevice();
    if (transport === undefined) throw new RestoreError('engine-unavailable', 'There is no server: baseUrl was left out.');
    return createRemoteEngine(transport, { xhr, now: platform.now, retryConnection: isLast });
  };
  const route = (why?: string): Route => {
    const down = serverDown !== undefined && platform.now() < serverDown.until ? serverDown.why : undefined;
    const hasDevice = loadEngine !== undefined;
    return planRoute({ backend, privacy, hasServer: transport !== undefined, hasDevice, online: platform.isOnline(), serverDown: down, onDeviceOnly: why });
  };

  /** One call: its signal ends with the caller's, the client's and a listener that throws; its clock starts now. */
  const call = async <T>(
    { signal, onProgress }: Pick<RestoreOptions, 'signal' | 'onProgress'>,
    work: (signal: AbortSignal, tell: ((event: ProgressEvent) => void) | undefined) => Promise<T>,
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
      return await untilAborted(work(controller.signal, onProgress && tell), controller.signal);
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
    call(options, async (signal, tell) => {
      const picture = await readPicture(input, { maxBytes: options.limits?.maxBytes, signal, fetch });
      const { onProgress, ...rest } = { ...options, signal };
      const forEngine = (tell === undefined ? rest : { ...rest, onProgress: tell }) as O; // the same but for signal and listener
      return followRoute(
        route(onDeviceOnly(picture, options.limits)),
        async (place, fallbacks, isLast) => addRun(await verb(await openPlace(place, isLast), picture, forEngine).catch(rethrow), fallbacks),
        (fallback, failure) => {
          if (fallback.from === 'remote' && failure !== undefined && meansServerDown(failure))
            serverDown = { why: failure.message, until: platform.now() + SERVER_REST_MS };
          tell?.({ type: 'fallback', ...fallback, elapsedMs: 0 });
        },
      );
    });

  const restore = (input: PictureInput, options: RestoreOptions = {}): Promise<RestoreResult> =>
    work(
      input,
      options,
      (engine, picture, given) => engine.restore(picture, given),
      ({ image, report }, fallbacks) => ({ image, report: { ...report, run: addFallbacks(report.run, fallbacks) } }),
    );

  let ended: Promise<void> | undefined;
  const dispose = (): Promise<void> => {
    ended ??= (async () => {
      disposal.abort(new RestoreError('disposed', 'Expected a living client, this one was disposed of; create another.'));
      const opened = await device?.catch(() => undefined); // one that never opened has nothing to return
      await opened?.dispose();
    })();
    return ended;
  };

  const client: Omit<Client, typeof Symbol.asyncDispose> = {
    restore,
    restoreBatch(inputs, { concurrency = transport === undefined ? 1 : 4, ...each } = {}) {
      if (!Number.isInteger(concurrency) || concurrency < 1)
        throw new RestoreError('invalid-option', `concurrency must be an integer from 1 on, got ${concurrency}.`, { details: { option: 'concurrency' } });
      return runBatch(inputs, (input, signal) => restore(input, { ...each, signal }), { concurrency, signal: each.signal });
    },
    inspect: (input, given = {}) =>
      work(
        input,
        given,
        (engine, picture, checked) => engine.inspect(picture, checked),
        (result, fallbacks) => ({ ...result, run: addFallbacks(result.run, fallbacks) }),
      ),
    preload: ({ signal: own, onProgress, ...rest } = {}) =>
      call({ ...(own && { signal: own }), ...(onProgress && { onProgress }) }, async (signal, tell) => {
        const engine = await openPlace(backend === 'remote' || (backend === 'auto' && loadEngine === undefined) ? 'remote' : 'device', true);
        return engine.preload({ ...rest, signal, ...(tell && { onProgress: tell }) });
      }),
    isCached: (given) => call({}, async () => backend !== 'remote' && loadEngine !== undefined && (await openDevice()).isCached(given)),
    clearCache: () => call({}, async () => (backend === 'remote' || loadEngine === undefined ? undefined : (await openDevice()).clearCache())),
    capabilities: () =>
      call({}, async () => {
        const places = route().order.map((place) =>
          openPlace(place, true).then(
            (engine) => engine.capabilities(),
            (error: unknown) => [cannot(error, backend)],
          ),
        );
        return (await Promise.all(places)).flat();
      }),
    dispose,
  };
  // Browsers that know no `await using` have no such symbol either.
  return (Symbol.asyncDispose === undefined ? client : { ...client, [Symbol.asyncDispose]: dispose }) as Client;
}

/** An engine's error in the client's words, before anyone looks at its code. */
function rethrow(thrown: unknown): never {
  throw asClientError(thrown);
}

function addFallbacks(run: EngineRun, before: readonly Fallback[]): EngineRun {
  return before.length === 0 ? run : { ...run, fallbacks: [...before, ...run.fallbacks] };
}

/** An engine that cannot even be opened. */
function cannot(error: unknown, backend: string): EngineCapabilities {
  const engine = backend === 'webgpu' || backend === 'node' ? backend : 'wasm';
  return { engine, available: false, reason: (error as Error).message, precisions: [], inputFormats: [], outputFormats: [], notes: [] };
}
