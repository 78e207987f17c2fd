/** A manifest and a way to read files -> verified models: sizes and SHA-256 are checked before a byte is used. */
import { RestoreError } from '../errors.ts';
import type { Precision } from '../options.ts';
import { findModel, GRAPH_NAMES, type GraphName, graphFile, type Manifest, type ModelFile, type ModelSpec, parseManifest } from './manifest.ts';

/** How a file beside the manifest is read: from a disk, over the network, out of a cache. */
export type ReadModelFile = (
  file: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onBytes: (loadedBytes: number) => void },
) => Promise<Uint8Array<ArrayBuffer>>;

/** A model whose files are what the manifest says. */
export type LoadedModel = {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly precision: Precision;
  /** Bytes of the pool file. */
  readonly promptPool: Uint8Array<ArrayBuffer>;
  /** ONNX bytes. */
  readonly graphs: Readonly<Record<GraphName, Uint8Array<ArrayBuffer>>>;
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
 * @throws RestoreError `manifest-invalid`
 */
export function createModelStore(manifestJson: unknown, readFile: ReadModelFile): ModelStore {
  const manifest = parseManifest(manifestJson);
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
      const files = GRAPH_NAMES.map((graph) => graphFile(name, spec, graph, precision));
      const [condition, depth, generalPrompts, denoiser] = (await Promise.all(files.map(read))) as [
        Uint8Array<ArrayBuffer>,
        Uint8Array<ArrayBuffer>,
        Uint8Array<ArrayBuffer>,
        Uint8Array<ArrayBuffer>,
      ]; // one per graph name
      const promptPool = await read(spec.promptPool);
      return { name, spec, precision, promptPool, graphs: { condition, depth, 'general-prompts': generalPrompts, denoiser } };
    },
  };
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
