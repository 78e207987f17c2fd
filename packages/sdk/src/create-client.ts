/** `createClient` with the engines of the runtime it is called in. */
import { type Client, type ClientDeps, createClientWith } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import { detectPlatform } from './platform.ts';

/**
 * A client for one server, for this device, or for both. Looks at the runtime and does nothing else: it may be called while a page is rendered
 * on a server.
 * @throws RestoreError `invalid-option`, `secret-key-in-browser`
 */
export function createClient(options: ClientOptions = {}): Client {
  const platform = detectPlatform();
  return createClientWith(options, { platform, openRouter: platform.runtime === 'edge' ? undefined : openRouter });
}

/** Everything about the device is apart, so that who restores on a server never loads it. */
const openRouter: ClientDeps['openRouter'] = async (settings, platform, remote) => {
  const { openDeviceRouter } = await import('./device-router.ts');
  return openDeviceRouter(settings, platform, remote);
};
