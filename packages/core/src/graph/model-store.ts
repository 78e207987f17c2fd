/** A manifest and a way to read files -> verified models: sizes and SHA-256 are checked before a byte is used. */
import { RestoreError } from '../errors.ts';
import type { Precision } from '../options.ts';
import type { ExternalData } from './graph.ts';
import { findModel, parseManifest } from './manifest.ts';
import { addManifests } from './manifests-beside.ts';
import { graphFilesOf } from './model-files.ts';
import type { GraphFile, Manifest, ModelFile, ModelSpec } from './model-spec.ts';

/** How a file beside the manifest is read: from a disk, over the network, out of a cache. */
export type ReadModelFile = (
  file: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onBytes: (loadedBytes: number) => void },
) => Promise<Uint8Array<ArrayBuffer>>;

/** A graph's ONNX bytes, and its weights where they stand beside it. */
export type GraphBytes = { readonly onnx: Uint8Array<ArrayBuffer>; readonly externalData: readonly ExternalData[] };

/** A model whose files are what the manifest says. */
export type LoadedModel = {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly precision: Precision;
  /** Bytes of the pool file. */
  readonly promptPool: Uint8Array<ArrayBuffer>;
  /** By the graphs' names: all that the spec has. */
  readonly graphs: Readonly<Record<string, GraphBytes>>;
};

export type LoadOptions = {
  readonly model?: string | undefined;
  readonly precision: Precision;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((file: string, loadedBytes: number, totalBytes: number) => void) | undefined;
};

export type ModelStore = {
  readonly manifest: Manifest;
  /** @throws RestoreError `model-not-found`, `model-corrupt`, `invalid-option` (no such precision) */
  load(options: LoadOptions): Promise<LoadedModel>;
};

/**
 * @param manifestJson parsed JSON of `manifest.json`
 * @param beside       the same of models in folders of their own beside it, by folder: `{ t3: json }`; their files are read as `t3/<file>`
 * @throws RestoreError `manifest-invalid`
 */
export function createModelStore(manifestJson: unknown, readFile: ReadModelFile, beside: Readonly<Record<string, unknown>> = {}): ModelStore {
  const manifest = addManifests(parseManifest(manifestJson), beside);
  return {
    manifest,
    async load({ model, precision, signal, onBytes }) {
      const { name, spec } = findModel(manifest, model);
      const read = async (file: ModelFile): Promise<Uint8Array<ArrayBuffer>> => {
        signal?.throwIfAborted();
        const bytes = await readFile(file.file, { signal, onBytes: (loaded) => onBytes?.(file.file, loaded, file.bytes) });
        await verifyModelFile(file, bytes);
        return bytes;
      };
      const readGraph = async ({ externalData = [], ...file }: GraphFile): Promise<GraphBytes> => {
        const [onnx, ...pieces] = (await Promise.all([file, ...externalData].map(read))) as [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]]; // one per file
        return { onnx, externalData: pieces.map((data, i) => ({ path: nameOf((externalData[i] as ModelFile).file), data })) };
      };
      const files = Object.entries(graphFilesOf(name, spec, precision));
      const graphs = Object.fromEntries(await Promise.all(files.map(async ([graph, file]) => [graph, await readGraph(file)] as const)));
      const promptPool = await read(spec.promptPool);
      return { name, spec, precision, promptPool, graphs };
    },
  };
}

/** A path's last part. */
function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/**
 * Refuses bytes that are not the file the manifest means.
 * @throws RestoreError `model-corrupt`
 */
export async function verifyModelFile(expected: ModelFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const { file } = expected;
  if (bytes.length !== expected.bytes)
    throw new RestoreError('model-corrupt', `${file} must have ${expected.bytes} bytes, it has ${bytes.length}; install the models again.`, {
      details: { file, bytes: bytes.length },
    });
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (sha256 !== expected.sha256)
    throw new RestoreError('model-corrupt', `${file} must have the SHA-256 ${expected.sha256}, it has ${sha256}; install the models again.`, {
      details: { file, sha256 },
    });
}
