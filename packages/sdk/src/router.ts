/** Server and device -> the one that works on a picture, and the one that steps in when it cannot. */
import type { ClientSettings } from './client-options.ts';
import type { Engine, EngineCapabilities, EngineKind, Fallback, OnProgress, PreloadOptions } from './engine-port.ts';
import { asClientError, RestoreError } from './errors.ts';
import { followRoute, meansServerDown, planRoute, type Place, type Route } from './fallback.ts';
import type { LoadEngine } from './load-engine.ts';
import type { Platform } from './platform.ts';

/** The server's engine; `isLast`: nobody steps in when it fails. */
export type OpenRemote = (isLast: boolean) => Engine;

export type Router = {
  /** @param why what keeps this call from the server */
  run<T>(why: string | undefined, work: (engine: Engine, fallbacks: readonly Fallback[]) => Promise<T>, tell: OnProgress | undefined): Promise<T>;
  /** The engine of this device. @throws RestoreError `engine-unavailable` */
  openDevice(): Promise<Engine>;
  capabilities(options: Pick<PreloadOptions, 'model'>): Promise<readonly EngineCapabilities[]>;
  dispose(): Promise<void>;
};

export type RouterParts = {
  readonly settings: ClientSettings;
  readonly platform: Pick<Platform, 'runtime' | 'isOnline' | 'now'>;
  readonly remote: OpenRemote | undefined;
  readonly loadEngine: LoadEngine;
};

/** After the server was not reached, the device goes first for so long. */
const SERVER_REST_MS = 30_000;

export function createRouter({ settings, platform, remote, loadEngine }: RouterParts): Router {
  const { backend, privacy } = settings;
  let device: Promise<Engine> | undefined;
  let serverDown: { readonly why: string; readonly until: number } | undefined;

  const openDevice = (): Promise<Engine> => {
    if (device !== undefined) return device;
    const opening = createDevice(settings, platform, loadEngine);
    device = opening;
    opening.catch(() => {
      if (device === opening) device = undefined; // the next call tries again; this one's error reaches its caller
    });
    return opening;
  };
  const open = async (place: Place, isLast: boolean): Promise<Engine> => {
    if (place === 'device') return openDevice();
    if (remote === undefined) throw new RestoreError('engine-unavailable', 'There is no server: baseUrl was left out.');
    return remote(isLast);
  };
  const plan = (why?: string): Route => {
    const down = serverDown !== undefined && platform.now() < serverDown.until ? serverDown.why : undefined;
    return planRoute({ backend, privacy, hasServer: remote !== undefined, online: platform.isOnline(), serverDown: down, onDeviceOnly: why });
  };
  return {
    run: (why, work, tell) =>
      followRoute(
        plan(why),
        async (place, fallbacks, isLast) => {
          try {
            return await work(await open(place, isLast), fallbacks);
          } catch (error) {
            throw asClientError(error); // in the client's words, before anyone looks at its code
          }
        },
        (fallback, failure) => {
          if (fallback.from === 'remote' && failure !== undefined && meansServerDown(failure))
            serverDown = { why: failure.message, until: platform.now() + SERVER_REST_MS };
          tell?.({ type: 'fallback', ...fallback, elapsedMs: 0 }); // the client's clock sets the time
        },
      ),
    openDevice,
    async capabilities(options) {
      const ask = async (place: Place): Promise<readonly EngineCapabilities[]> => {
        try {
          return await (await open(place, true)).capabilities(options);
        } catch (error) {
          return [cannot(place === 'remote' ? place : backend === 'auto' || backend === 'remote' ? deviceKind(platform) : backend, error)];
        }
      };
      return (await Promise.all(plan().order.map(ask))).flat();
    },
    async dispose() {
      await (await device?.catch(() => undefined))?.dispose(); // one that never opened has nothing to return
    },
  };
}

async function createDevice(
  { backend, models, assets, threads, ownFetch, fetch }: ClientSettings,
  { runtime }: RouterParts['platform'],
  loadEngine: LoadEngine,
): Promise<Engine> {
  const ofBrowser = backend === 'webgpu' || backend === 'wasm';
  if ((ofBrowser && runtime !== 'browser') || (backend === 'node' && runtime !== 'node'))
    throw new RestoreError('engine-unavailable', `Backend ${backend} does not exist on this runtime (${runtime}); use auto, or remote with a baseUrl.`);
  const create = await loadEngine();
  return create({
    ...(ofBrowser && { backend }),
    ...(models !== undefined && { models }),
    ...(assets !== undefined && { assets }),
    ...(threads !== undefined && { threads }),
    ...(ownFetch && { fetch }),
  });
}

function deviceKind({ runtime }: RouterParts['platform']): EngineKind {
  return runtime === 'node' ? 'node' : 'wasm';
}

/** An engine that cannot even be opened. */
function cannot(engine: EngineKind, error: unknown): EngineCapabilities {
  return { engine, available: false, reason: (error as Error).message, precisions: [], inputFormats: [], outputFormats: [], notes: [] };
}
