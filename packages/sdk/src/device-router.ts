/** The router with the engine of the runtime it is called in. */
import type { ClientSettings } from './client-options.ts';
import { loadEngineOf } from './load-engine.ts';
import type { Platform } from './platform.ts';
import { createRouter, type OpenRemote, type Router } from './router.ts';

export function openDeviceRouter(settings: ClientSettings, platform: Platform, remote: OpenRemote | undefined): Router {
  return createRouter({ settings, platform, remote, loadEngine: () => loadEngineOf(platform.runtime) });
}
