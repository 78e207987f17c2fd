/** `manifest.json` by its address -> what the page must know of it: default model, files, self-test. The worker checks it whole. */
import { RestoreError } from '../errors.ts';
import { download } from './download.ts';
import type { FileCache } from './file-cache.ts';
import type { SelfTest } from './messages.ts';

export type FileEntry = { readonly file: string; readonly sha256: string; readonly bytes: number };

type ManifestModel = {
  readonly graphs?: Readonly<Record<string, Readonly<Record<string, FileEntry & { readonly externalData?: readonly FileEntry[] }>>>>;
  readonly promptPool?: FileEntry;
  readonly selfTest?: { readonly degraded: FileEntry; readonly restored: FileEntry; readonly seed: number };
};

export type PageManifest = {
  readonly json: unknown;
  readonly defaultModel: string;
  readonly models: Readonly<Record<string, ManifestModel>>;
  /** How to get models that cannot be shipped, by name. */
  readonly notShipped?: Readonly<Record<string, string>>;
};

/**
 * From the network, so that new weights are noticed; without one, as it was seen last.
 * @throws RestoreError `offline`, `connection-failed`, `model-not-found`, `manifest-invalid`
 */
export async function readManifest(models: URL, cache: FileCache, fetch: typeof globalThis.fetch, signal?: AbortSignal): Promise<PageManifest> {
  const url = new URL('manifest.json', models).href;
  const key = `manifest/${encodeURIComponent(url)}`;
  const fresh = ((request, init) => fetch(request, { ...init, cache: 'no-cache' })) as typeof globalThis.fetch;
  try {
    const file = await download(url, { fetch: fresh, signal, pausesMs: (await cache.has(key)) ? [] : [300, 1000] });
    const manifest = parse(await file.text(), url);
    await cache.put(key, file, 'manifest.json');
    return manifest;
  } catch (error) {
    signal?.throwIfAborted();
    const cached = await readCachedManifest(models, cache);
    if (cached === undefined || (error instanceof RestoreError && error.code === 'manifest-invalid')) throw error;
    return cached;
  }
}

/** As it was seen last, without asking the network. */
export async function readCachedManifest(models: URL, cache: FileCache): Promise<PageManifest | undefined> {
  const url = new URL('manifest.json', models).href;
  const cached = await cache.get(`manifest/${encodeURIComponent(url)}`);
  return cached === undefined ? undefined : parse(await cached.text(), url);
}

function parse(text: string, url: string): PageManifest {
  try {
    const json: unknown = JSON.parse(text);
    const { defaultModel, models, notShipped = {} } = json as Partial<PageManifest>; // looked at here, and by the worker
    if (typeof defaultModel !== 'string' || typeof models !== 'object' || models === null) throw new Error('it has no models');
    return { json, defaultModel, models, notShipped };
  } catch (cause) {
    throw new RestoreError('manifest-invalid', `${url} must be a manifest of models: ${(cause as Error).message}; look at the option models.`, { cause });
  }
}

/** @throws RestoreError `model-not-found` naming those there are, and how to get one that cannot be shipped */
export function modelOf(manifest: PageManifest, name: string = manifest.defaultModel): ManifestModel {
  const model = Object.hasOwn(manifest.models, name) ? manifest.models[name] : undefined;
  if (model === undefined) {
    const { models, notShipped = {} } = manifest;
    const howTo = Object.hasOwn(notShipped, name) ? ` ${notShipped[name]}` : '';
    throw new RestoreError('model-not-found', `There is no model "${name}"; the manifest has ${Object.keys(models).join(', ')}.${howTo}`, {
      details: { model: name },
    });
  }
  return model;
}

/** All that a model needs in a precision: graphs, their data, pool, self-test. */
export function filesOf({ graphs = {}, promptPool, selfTest }: ManifestModel, precision: 'fp32' | 'fp16'): readonly FileEntry[] {
  const ofGraphs = Object.values(graphs).flatMap((files) => {
    const entry = files[precision];
    return entry === undefined ? [] : [entry, ...(entry.externalData ?? [])];
  });
  return [...ofGraphs, ...(promptPool === undefined ? [] : [promptPool]), ...(selfTest === undefined ? [] : [selfTest.degraded, selfTest.restored])];
}

/** Whether a model has its graphs in a precision. */
export function hasPrecision({ graphs = {} }: ManifestModel, precision: 'fp32' | 'fp16'): boolean {
  return Object.values(graphs).every((files) => files[precision] !== undefined);
}

/** The file the manifest knows by this name. */
export function findFile(model: ManifestModel, name: string): FileEntry | undefined {
  return (['fp32', 'fp16'] as const).flatMap((precision) => filesOf(model, precision)).find(({ file }) => file === name);
}

export function selfTestOf({ selfTest }: ManifestModel): SelfTest | undefined {
  return selfTest === undefined ? undefined : { degraded: selfTest.degraded.file, restored: selfTest.restored.file, seed: selfTest.seed };
}
