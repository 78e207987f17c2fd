/** The door `@fairweather/sdk/remote`: the same client without the device, for bundles that must not even know of it. */
import { type Client, createClientWith } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import { detectPlatform } from './platform.ts';

export * from './public-types.ts';

/** `createClient` as in `@fairweather/sdk`; only a server restores. @throws RestoreError `invalid-option`, `secret-key-in-browser` */
export function createClient(options: ClientOptions & { readonly baseUrl: string | URL }): Client {
  return createClientWith(options, { platform: detectPlatform(), openRouter: undefined });
}
