/** `fairweather models list|verify`: what models are there, and whether their files are what the manifest says. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listModelFiles, type Manifest, type ModelFile, type ModelSpec, type Precision, RestoreError, verifyModelFile } from '@fairweather/core';
import { openModelsDir } from '@fairweather/core/node';
import { describeFailure, type Failure } from './cli-error.ts';
import { findModelsDir, findNamed, PRECISIONS } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { formatBytes } from './report-text.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export type ModelsCommandOptions = { readonly models?: string; readonly json?: boolean };

export async function runModelsList({ models, json }: ModelsCommandOptions, { stdout, cwd }: Terminal): Promise<ExitCode> {
  const { manifest } = await openModelsDir(findModelsDir(models, cwd));
  for (const [name, spec] of Object.entries(manifest.models)) {
    const precisions = sizesOf(spec);
    if (json) {
      const { version, title, licence, trainingData, weathers, evaluation } = spec;
      printJson(stdout, { name, default: name === manifest.defaultModel, version, title, licence, weathers, precisions, trainingData, evaluation });
      continue;
    }
    const sizes = Object.entries(precisions).map(([precision, bytes]) => `${precision} ${formatBytes(bytes)}`);
    printLine(
      stdout,
      `${name} ${spec.version}${name === manifest.defaultModel ? ' (default)' : ''}   ${sizes.join(', ')}   ${spec.licence}   ${spec.weathers.join(', ') || 'names no weather'}`,
    );
    printLine(stdout, `  ${spec.title}`);
  }
  for (const [name, howTo] of Object.entries(manifest.notShipped ?? {}))
    if (!json && !Object.hasOwn(manifest.models, name)) printLine(stdout, `${name}, not here: ${howTo}`);
  return EXIT.ok;
}

export async function runModelsVerify(names: readonly string[], { models, json }: ModelsCommandOptions, { stdout, stderr, cwd }: Terminal): Promise<ExitCode> {
  const modelsDir = findModelsDir(models, cwd);
  const { manifest } = await openModelsDir(modelsDir);
  let bad = 0;
  for (const { model, expected } of filesOf(manifest, names)) {
    const failure = await verifyFile(modelsDir, expected);
    if (failure !== undefined) bad += 1;
    if (json)
      printJson(stdout, {
        model,
        file: expected.file,
        bytes: expected.bytes,
        sha256: expected.sha256,
        ok: failure === undefined,
        ...(failure === undefined ? {} : { error: failure }),
      });
    else if (failure === undefined) printLine(stdout, `ok  ${expected.file}   ${formatBytes(expected.bytes)}`);
    else printLine(stderr, `BAD ${expected.file}   ${failure.message} (${failure.code})`);
  }
  return bad === 0 ? EXIT.ok : EXIT.failed;
}

/** Bytes that a restoration in each precision needs: graphs, pieces of their weights, pool. */
export function sizesOf(spec: ModelSpec): Readonly<Record<string, number>> {
  const sizes = PRECISIONS.map((precision) => [precision, listModelFiles(spec, precision)?.reduce((sum, { bytes }) => sum + bytes, 0)] as const);
  return Object.fromEntries(sizes.filter((entry): entry is [Precision, number] => entry[1] !== undefined));
}

/** @throws UsageError when there is no model of a name */
function filesOf(manifest: Manifest, names: readonly string[]): readonly { readonly model: string; readonly expected: ModelFile }[] {
  for (const name of names) findNamed(manifest, name);
  return Object.entries(manifest.models)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .flatMap(([model, spec]) => {
      const files = new Map(PRECISIONS.flatMap((precision) => listModelFiles(spec, precision) ?? []).map((file) => [file.file, file])); // the pool serves all precisions
      return [...files.values()].map((expected) => ({ model, expected }));
    });
}

async function verifyFile(modelsDir: string, expected: ModelFile): Promise<Failure | undefined> {
  try {
    await verifyModelFile(expected, new Uint8Array(await readModelFile(join(modelsDir, expected.file))));
    return undefined;
  } catch (error) {
    return describeFailure(error);
  }
}

function readModelFile(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new RestoreError('model-not-found', `The manifest names ${path}, it cannot be read; install the models again.`, { cause });
  });
}
