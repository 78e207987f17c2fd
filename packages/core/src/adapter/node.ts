/** Everything wired up for Node: models from the disk, onnxruntime-node, sharp. */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RestoreError } from '../errors.ts';
import { createModelStore, type ModelStore, type ReadModelFile } from '../graph/model-store.ts';
import { createRestorer, type Restorer } from '../restorer.ts';
import { createNodeCodec } from './codec-node.ts';
import { createNodeGraphs, type NodeGraphOptions } from './ort-node.ts';

export { createNodeCodec } from './codec-node.ts';
export { createNodeGraphs } from './ort-node.ts';
export type { NodeBackend, NodeGraphOptions } from './ort-node.ts';

export type NodeRestorerOptions = NodeGraphOptions & {
  /** Folder with `manifest.json`. @default that of the installed package `@fairweather/models` */
  readonly modelsDir?: string;
};

/**
 * A restorer that works in this process. Reads the manifest; a model is read, verified and loaded at its first use.
 * @throws RestoreError `model-not-found` (no models there), `manifest-invalid`, `runtime-missing`, `invalid-option`
 */
export async function createNodeRestorer({ modelsDir, ...graphOptions }: NodeRestorerOptions = {}): Promise<Restorer> {
  const models = await openModelsDir(modelsDir);
  return createRestorer({ models, graphs: await createNodeGraphs(graphOptions), codec: createNodeCodec() });
}

/**
 * The models in a folder, and those in folders of their own within it (`t3/manifest.json`).
 * @param modelsDir folder with `manifest.json`; the installed package `@fairweather/models` when left out
 * @throws RestoreError `model-not-found`, `manifest-invalid`
 */
export async function openModelsDir(modelsDir: string = findModelsPackage()): Promise<ModelStore> {
  const path = join(modelsDir, 'manifest.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new RestoreError(
      'model-not-found',
      `Expected models in ${modelsDir}, its manifest.json cannot be read; install @fairweather/models or name another folder.`,
      { cause, details: { modelsDir } },
    );
  });
  const readModelFile: ReadModelFile = async (file, { signal, onBytes }) => {
    const bytes = new Uint8Array(
      await readFile(join(modelsDir, file), { signal }).catch((cause: unknown) => {
        if (signal?.aborted) throw signal.reason;
        throw new RestoreError('model-not-found', `The manifest names ${file}, it cannot be read in ${modelsDir}; install the models again.`, {
          cause,
          details: { file },
        });
      }),
    );
    onBytes(bytes.length);
    return bytes;
  };
  return createModelStore(parseJson(text, path), readModelFile, await readManifestsBelow(modelsDir));
}

/** Parsed manifests of the folders within `modelsDir`, by folder. */
async function readManifestsBelow(modelsDir: string): Promise<Readonly<Record<string, unknown>>> {
  const entries = await readdir(modelsDir, { withFileTypes: true });
  const manifests = entries.map(async ({ name }): Promise<readonly (readonly [string, unknown])[]> => {
    const path = join(modelsDir, name, 'manifest.json');
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined; // no model there
      throw new RestoreError('model-not-found', `Expected a manifest at ${path}, it cannot be read: ${error.message}`, { cause: error });
    });
    return text === undefined ? [] : [[name, parseJson(text, path)]];
  });
  return Object.fromEntries((await Promise.all(manifests)).flat());
}

function findModelsPackage(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('@fairweather/models/manifest.json'));
  } catch (cause) {
    throw new RestoreError(
      'model-not-found',
      'The package @fairweather/models must be installed, it is not; run npm install @fairweather/models, or name a folder with modelsDir.',
      { cause },
    );
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RestoreError('manifest-invalid', `${path} must be JSON: ${(cause as Error).message}`, { cause });
  }
}
