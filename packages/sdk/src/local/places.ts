/** Options and a backend -> where manifest, model files and runtime lie, and under which keys they are kept. */
import { dependencies, version } from '../../package.json';
import { RestoreError } from '../errors.ts';
import type { FileFacts } from './file-store.ts';
import type { WebBackend } from './messages.ts';

/** The runtime's WebAssembly, by backend: in the assets under the name that the npm package gives it. */
export const WASM_FILES: Readonly<Record<WebBackend, string>> = {
  webgpu: 'ort-wasm-simd-threaded.asyncify.wasm',
  wasm: 'ort-wasm-simd-threaded.wasm',
};

export type Places = {
  /** Folder of `manifest.json`, with a slash at its end. */
  readonly models: URL;
  /** Folder of `fairweather assets copy`, with a slash at its end; the bundler places the files when undefined. */
  readonly assets: URL | undefined;
};

/** @throws RestoreError `invalid-option` */
export function findPlaces(models: string | URL | undefined, assets: string | URL | undefined): Places {
  const assetsUrl = assets === undefined ? undefined : folderUrl('assets', assets);
  const modelsUrl = models === undefined ? undefined : folderUrl('models', models);
  const modelsVersion = dependencies['@fairweather/models'];
  return {
    models:
      modelsUrl ?? (assetsUrl === undefined ? new URL(`https://cdn.jsdelivr.net/npm/@fairweather/models@${modelsVersion}/`) : new URL('models/', assetsUrl)),
    assets: assetsUrl,
  };
}

function folderUrl(option: string, given: string | URL): URL {
  try {
    const { href } = new URL(given, globalThis.location?.href);
    return new URL(href.endsWith('/') ? href : `${href}/`);
  } catch (cause) {
    throw new RestoreError('invalid-option', `${option} must be the URL of a folder, got ${String(given)}.`, { cause, details: { option } });
  }
}

/** Files with a hash are kept under it: whichever address they came from, and whatever comes to lie there later. */
export function modelFileFacts(entry: { readonly file: string; readonly sha256: string; readonly bytes: number }, models: URL): FileFacts {
  return { key: `sha256/${entry.sha256}`, url: new URL(entry.file, models).href, name: entry.file, bytes: entry.bytes, sha256: entry.sha256 };
}

/** Kept by the runtime's version and its file's name, into which bundlers put a hash; not by its folder, for pages of one origin share it. */
export function runtimeFileFacts(url: string, backend: WebBackend): FileFacts {
  const file = new URL(url).pathname.split('/').at(-1) ?? '';
  return { key: `${runtimeKeyPrefix(backend)}${encodeURIComponent(file)}`, url, name: WASM_FILES[backend] };
}

/** A worker's script, of this very version of the package. */
export function scriptFileFacts(url: URL, backend: WebBackend): FileFacts {
  return { key: `${scriptKeyPrefix(backend)}${encodeURIComponent(url.href)}`, url: url.href, name: `worker-${backend}.js` };
}

export function scriptKeyPrefix(backend: WebBackend): string {
  return `worker/${version}/${backend}/`;
}

/** That of an earlier version is of no use. */
export function runtimeKeyPrefix(backend: WebBackend): string {
  return `runtime/${dependencies['onnxruntime-web']}/${backend}/`;
}
