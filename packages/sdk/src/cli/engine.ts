/** Engine options of the command -> what restores: a server, or a restorer on this machine; and where its models lie. */
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { findModel, isRestoreError, listModelFiles, type Manifest, type Precision } from '@fairweather/core';
import { createNodeRestorer, type NodeBackend, openModelsDir } from '@fairweather/core/node';
import { UsageError } from './cli-error.ts';
import type { CommandEngine } from './command-engine.ts';
import { openServer } from './server-engine.ts';

export const BACKENDS: readonly NodeBackend[] = ['auto', 'cpu', 'cuda', 'webgpu'];
export const PRECISIONS: readonly Precision[] = ['fp32', 'fp16'];

/** Options that every verb with an engine has. */
export type EngineOptions = {
  readonly model?: string;
  readonly precision: Precision;
  readonly backend: NodeBackend;
  readonly threads?: number;
  /** Folder with `manifest.json`; relative to where the command was called. */
  readonly models?: string;
  /** Where the API answers; then nothing is restored on this machine. */
  readonly server?: string;
  /** The server's API key. */
  readonly key?: string;
};

/** The folder with `manifest.json`: as typed, or the installed package `@fairweather/models`. */
export function findModelsDir(typed: string | undefined, cwd: string): string {
  if (typed !== undefined) return resolve(cwd, typed);
  return dirname(createRequire(import.meta.url).resolve('@fairweather/models/package.json'));
}

/** @throws UsageError when the model or a weather is unknown; RestoreError `model-not-found`, `manifest-invalid`, `runtime-missing`, `invalid-option` */
export async function openEngine(
  { model, precision, backend, threads, models, server, key }: EngineOptions,
  cwd: string,
  remove?: readonly string[],
): Promise<CommandEngine> {
  if (server !== undefined) return openServer(server, key);
  const modelsDir = findModelsDir(models, cwd);
  checkNames((await openModelsDir(modelsDir)).manifest, { model, precision, remove });
  return createNodeRestorer({ modelsDir, backend, ...(threads === undefined ? {} : { threads }) });
}

function checkNames(
  manifest: Manifest,
  { model, precision, remove = [] }: { readonly model?: string | undefined; readonly precision: Precision; readonly remove?: readonly string[] | undefined },
): void {
  const { name, spec } = findNamed(manifest, model);
  if (listModelFiles(spec, precision) === undefined) throw new UsageError(`--precision ${precision}: model ${name} has no such files; use fp32.`);
  const unknown = remove.find((weather) => !spec.weathers.includes(weather));
  if (unknown === undefined) return;
  if (spec.weathers.length === 0) throw new UsageError(`--remove: model ${name} names no weather; leave it out.`);
  throw new UsageError(`--remove: model ${name} knows ${spec.weathers.join(', ')}, not ${unknown}.`);
}

/** @throws UsageError naming the models there are, and how to get one that cannot be shipped */
export function findNamed(manifest: Manifest, model: string | undefined): ReturnType<typeof findModel> {
  try {
    return findModel(manifest, model);
  } catch (error) {
    if (isRestoreError(error)) throw new UsageError(error.message);
    throw error;
  }
}
