/** The options of `createClient`: meaning and default; and the check that turns them into settings. */
import { RestoreError } from './errors.ts';
import type { Platform } from './platform.ts';
import type { TokenProvider } from './token.ts';

/** Which engine restores. The last three insist on theirs; `auto` finds one. */
export type Backend = 'auto' | 'remote' | 'webgpu' | 'wasm' | 'node';

/** Where a picture may go. */
export type Privacy = 'server-allowed' | 'prefer-device' | 'on-device';

/** An option that cannot be honoured is an error (`invalid-option`), never ignored. */
export type ClientOptions = {
  /** Where the API answers; in a page it may be relative. @default none: the device alone restores */
  readonly baseUrl?: string | URL;
  /**
   * A secret API key, for servers and scripts; or a function that fetches short-lived tokens, for pages.
   * @default none, for an API in open mode
   */
  readonly apiKey?: string | TokenProvider;
  /** A key in a page can be read by everyone who opens it. Set this only where nobody else can, as on an intranet. @default false */
  readonly allowSecretKeyInBrowser?: boolean;
  /** `auto`: the server when it can be reached, else the device; at once the device when there is no network. @default 'auto' */
  readonly backend?: Backend;
  /**
   * `server-allowed`; `prefer-device`: the server only where the device cannot; `on-device`: pictures never leave it.
   * @default 'server-allowed'
   */
  readonly privacy?: Privacy;
  /** For requests to the API, for pictures given as URLs and for model files. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** For one request to the API, from upload to answer. @default 180_000 */
  readonly timeoutMs?: number;
  /** Attempts after the first one, 0 to 10. In `auto` a connection that fails is not tried again: the device steps in. @default 3 */
  readonly maxRetries?: number;
  /**
   * Whether the server gets pictures as jobs: the progress of its work is told, an abort cancels it, and what was accepted is not lost when a
   * connection breaks. Costs two requests more a picture.
   * @default false
   */
  readonly jobs?: boolean;
  /** Sent with every request to the API. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Where the models of the device lie (`manifest.json`): a folder's URL in a browser, a folder's path or file URL in Node.
   * @default the package `@fairweather/models`: on a public CDN in a browser, installed in Node
   */
  readonly models?: string | URL;
  /** Folder's URL with the files of `fairweather assets copy`, for pages that cannot or may not take them as the bundler places them. */
  readonly assets?: string | URL;
  /** CPU threads of one inference on the device. @default as many as are sensible */
  readonly threads?: number;
};

/** `ClientOptions` checked, with every default filled in. */
export type ClientSettings = {
  /** Absolute, with a slash at its end; undefined without a server. */
  readonly baseUrl: string | undefined;
  readonly apiKey: string | TokenProvider | undefined;
  readonly backend: Backend;
  readonly privacy: Privacy;
  readonly fetch: typeof globalThis.fetch;
  /** Whether the caller brought `fetch`. */
  readonly ownFetch: boolean;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly jobs: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly models: string | URL | undefined;
  readonly assets: string | URL | undefined;
  readonly threads: number | undefined;
};

const BACKENDS: readonly Backend[] = ['auto', 'remote', 'webgpu', 'wasm', 'node'];
const PRIVACIES: readonly Privacy[] = ['server-allowed', 'prefer-device', 'on-device'];

/** Every option there is. */
const DEFAULTS: { readonly [Name in keyof ClientOptions]-?: ClientOptions[Name] | undefined } = {
  baseUrl: undefined,
  apiKey: undefined,
  allowSecretKeyInBrowser: false,
  backend: 'auto',
  privacy: 'server-allowed',
  fetch: undefined,
  timeoutMs: 180_000,
  maxRetries: 3,
  headers: {},
  jobs: false,
  models: undefined,
  assets: undefined,
  threads: undefined,
};

/** @throws RestoreError `invalid-option`, `secret-key-in-browser` */
export function checkClientOptions(options: ClientOptions, runtime: Platform['runtime']): ClientSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name] of given) if (!Object.hasOwn(DEFAULTS, name)) refuse(name, 'left out');
  const settings = { ...DEFAULTS, ...Object.fromEntries(given) } as Omit<ClientSettings, 'baseUrl' | 'fetch' | 'ownFetch'> &
    Pick<ClientOptions, 'baseUrl' | 'fetch' | 'allowSecretKeyInBrowser'>; // names checked above, types are the caller's
  const { baseUrl, backend, privacy, timeoutMs, maxRetries, fetch } = settings;
  if (!BACKENDS.includes(backend)) refuse('backend', `one of ${BACKENDS.join(', ')}`);
  if (!PRIVACIES.includes(privacy)) refuse('privacy', `one of ${PRIVACIES.join(', ')}`);
  if (backend === 'remote' && !baseUrl) refuse('baseUrl', 'given with backend remote');
  if (backend === 'remote' && privacy !== 'server-allowed') refuse('privacy', 'server-allowed with backend remote');
  if (!(timeoutMs > 0)) refuse('timeoutMs', 'milliseconds, more than 0');
  if (!(maxRetries >= 0 && maxRetries <= 10)) refuse('maxRetries', '0 to 10');
  if (typeof settings.apiKey === 'string' && runtime === 'browser' && !settings.allowSecretKeyInBrowser)
    throw new RestoreError(
      'secret-key-in-browser',
      'Expected a function that fetches short-lived tokens, got a key that everyone could read; see "Keys" in the README.',
    );
  return {
    ...settings,
    baseUrl: baseUrl && absoluteUrl(baseUrl),
    fetch: fetch ?? ((...request) => globalThis.fetch(...request)),
    ownFetch: !!fetch,
  };
}

function absoluteUrl(url: string | URL): string {
  const { location } = globalThis as { readonly location?: { readonly href: string } }; // pages and workers have it
  try {
    const { href } = new URL(url, location?.href);
    return href.endsWith('/') ? href : `${href}/`;
  } catch {
    return refuse('baseUrl', 'an address such as https://api.example.com');
  }
}

function refuse(option: string, expected: string): never {
  throw new RestoreError('invalid-option', `${option} must be ${expected}.`, { details: { option } });
}
