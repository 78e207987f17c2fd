/** Where to restore, as the visitor chose it -> options of the client; and whether the page's own host is a server that restores. */
import type { ClientOptions, TokenProvider } from '@fairweather/sdk';

/** `webgpu` and `wasm` are this device, and insist on that engine. */
export type Where = 'auto' | 'server' | 'device' | 'webgpu' | 'wasm';

/**
 * @param base the page's own address: the API answers below it, the models lie beside it
 * @param hasServer whether the API does answer there
 * @param apiKey the visitor's key for it, if they have one
 */
export function clientOptions(where: Where, base: string, hasServer: boolean, apiKey?: TokenProvider): ClientOptions {
  const device: ClientOptions = { models: new URL('models/', base), privacy: 'on-device' };
  const server: ClientOptions = { baseUrl: new URL('./', base), jobs: true, ...(apiKey && { apiKey }) };
  switch (where) {
    case 'auto':
      return hasServer ? { ...device, ...server, privacy: 'server-allowed' } : device;
    case 'server':
      return { ...server, backend: 'remote' };
    case 'device':
      return device;
    case 'webgpu':
    case 'wasm':
      return { ...device, backend: where };
  }
}

/** Static hosts answer 404, or their start page. */
export async function findServer(base: string, fetch: typeof globalThis.fetch): Promise<boolean> {
  try {
    const response = await fetch(new URL('v1/limits', base));
    return (response.ok || response.status === 401) && /json/.test(response.headers.get('content-type') ?? '');
  } catch {
    return false;
  }
}
