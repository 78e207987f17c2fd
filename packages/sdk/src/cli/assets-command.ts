/** `fairweather assets copy <folder>`: everything the browser engine fetches, laid out for one's own host: workers, runtime, models. */
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelFile, RestoreError, verifyModelFile } from '@fairweather/core';
import { openModelsDir } from '@fairweather/core/node';
import { CliError } from './cli-error.ts';
import { findModelsDir } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { formatBytes } from './report-text.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export type AssetsCommandOptions = { readonly models?: string; readonly json?: boolean };

/** Built beside the command: each holds the runtime's JavaScript and imports nothing. */
const WORKERS: readonly string[] = ['worker-webgpu.js', 'worker-wasm.js'];
/** The runtime's own WebAssembly, one file a worker. */
const RUNTIME: readonly string[] = ['ort-wasm-simd-threaded.asyncify.wasm', 'ort-wasm-simd-threaded.wasm'];

/** Models from this size on are announced, for copying and checking them takes seconds. */
const LARGE_BYTES = 100_000_000;

/** Copies into the folder what `createLocalEngine({ assets })` looks for there; files of the same name are written anew. */
export async function runAssetsCopy(folder: string, { models, json }: AssetsCommandOptions, { stdout, stderr, cwd }: Terminal): Promise<ExitCode> {
  const target = resolve(cwd, folder);
  const modelsDir = findModelsDir(models, cwd);
  const { manifest: found } = await openModelsDir(modelsDir); // says what is wrong with it, before anything is written
  const require = createRequire(import.meta.url);
  const manifest = await readFile(join(modelsDir, 'manifest.json'), 'utf8');
  const modelFiles = listFiles(JSON.parse(manifest));
  const modelBytes = modelFiles.reduce((sum, file) => sum + file.bytes, 0);
  if (modelBytes > LARGE_BYTES) printLine(stderr, `Copying ${formatBytes(modelBytes)} of models; this takes a moment.`);
  let bytes = 0;
  const copy = async (from: string, name: string): Promise<void> => {
    await writeTo(join(target, name), (to) => copyFile(from, to));
    bytes += (await stat(from)).size;
  };
  for (const name of WORKERS) await copy(fileURLToPath(new URL(`./assets/${name}`, import.meta.url)), name);
  for (const name of RUNTIME) await copy(require.resolve(`onnxruntime-web/${name}`), name);
  for (const file of modelFiles) {
    await verifyModelFile(file, new Uint8Array(await readModelFile(join(modelsDir, file.file))));
    await copy(join(modelsDir, file.file), join('models', file.file));
  }
  await writeTo(join(target, 'models/manifest.json'), (to) => writeFile(to, manifest));
  const files = WORKERS.length + RUNTIME.length + modelFiles.length + 1;
  if (json) printJson(stdout, { folder: target, files, bytes: bytes + Buffer.byteLength(manifest) });
  else {
    printLine(stdout, `${files} files, ${formatBytes(bytes)} in ${folder}. Serve them compressed; where ${addressOf(folder)} is their address:`);
    printLine(stdout, `  createClient({ assets: '${addressOf(folder)}' })`);
  }
  const { models: copied } = JSON.parse(manifest) as { readonly models: object }; // opened above
  for (const name of Object.keys(found.models).filter((model) => !Object.hasOwn(copied, model)))
    printLine(
      stderr,
      `note: ${name} was not copied, for a page takes its models from one folder; for one with ${name}: --models ${join(models ?? modelsDir, name)}`,
    );
  return EXIT.ok;
}

/** Folders that many tools serve as the root of a site. */
const ROOTS: readonly string[] = ['public', 'static', 'dist', 'www', '.'];

/** Where a page would find the folder, most likely. */
function addressOf(folder: string): string {
  const [first = '', ...rest] = folder.split(/[\\/]/).filter((part) => part !== '');
  const path = isAbsolute(folder) ? [basename(folder)] : ROOTS.includes(first) ? rest : [first, ...rest];
  return path.length === 0 ? '/' : `/${path.filter((part) => part !== '.' && part !== '..').join('/')}/`;
}

/** Every file a manifest names, wherever it stands: graphs and their data, pools, self-tests. */
function listFiles(value: unknown): readonly ModelFile[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file, sha256, bytes } = value as Partial<ModelFile>; // looked at here
  const own = typeof file === 'string' && typeof sha256 === 'string' && typeof bytes === 'number' ? [{ file, sha256, bytes }] : [];
  return [...own, ...Object.values(value).flatMap(listFiles)];
}

async function writeTo(path: string, write: (path: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await write(path);
  } catch (cause) {
    throw new CliError('output-unwritable', `${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

function readModelFile(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new RestoreError('model-not-found', `The manifest names ${path}, it cannot be read; install the models again.`, { cause });
  });
}
