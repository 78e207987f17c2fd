/** One picture file -> the restored file, written, or the reason why not. */
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { OutputFormat, RestoreReport } from '@fairweather/core';
import type { RestoreOptions } from '../engine-port.ts';
import { CliError, describeFailure, type Failure } from './cli-error.ts';
import { composeComparison } from './compare-picture.ts';
import type { CommandEngine } from './command-engine.ts';
import type { InputFile } from './find-inputs.ts';
import { comparePathOf, type OutputPlace, outputPathOf } from './output-path.ts';
import { formatOfName } from './picture-files.ts';
import type { PictureProgress } from './progress-bar.ts';
import type { RestoreCommandOptions } from './restore-command-options.ts';
import { showPath } from './show-path.ts';
import { checkOutput, writeOutput } from './write-output.ts';

/** A picture that was restored; paths as a person would write them. */
export type Restored = { readonly input: string; readonly output: string; readonly compare?: string; readonly report: RestoreReport };

/** What became of one picture. */
export type Outcome = Restored | { readonly input: string; readonly error: Failure };

/** What all pictures of a call share. */
export type FileContext = {
  readonly engine: CommandEngine;
  readonly place: OutputPlace;
  readonly options: RestoreCommandOptions;
  /** Files written by this call, and the inputs they came from. */
  readonly written: Map<string, string>;
  readonly progress: PictureProgress;
  readonly signal: AbortSignal;
  readonly cwd: string;
};

export async function restoreFile(input: InputFile, context: FileContext): Promise<Outcome> {
  const { engine, place, options, progress, signal, cwd } = context;
  progress.start(input);
  try {
    const format = place.kind === 'file' ? place.format : options.format;
    // Refused before the work is done; looked at again below, for only the file's content tells its container.
    await checkOutputs(input, format ?? formatOfName(input.path) ?? 'png', context);
    const { image, mediaType, report } = await engine.restore(await openFile(input), restoreOptions(options, format, progress, signal));
    const container = mediaType.slice('image/'.length) as OutputFormat; // the type says so
    const [output, compare] = await checkOutputs(input, container, context);
    await write(output, image, input, context);
    if (compare === undefined) return { input: input.shown, output: showPath(output, cwd), report };
    await write(compare, await composeComparison(await readFile(input.path), image, container), input, context);
    return { input: input.shown, output: showPath(output, cwd), compare: showPath(compare, cwd), report };
  } catch (error) {
    return { input: input.shown, error: describeFailure(error) };
  } finally {
    progress.finish();
  }
}

function restoreOptions(options: RestoreCommandOptions, format: OutputFormat | undefined, progress: PictureProgress, signal: AbortSignal): RestoreOptions {
  const { model, remove, precision, strength, seed, steps, tile = 'auto', scale, metadata, quality } = options;
  return {
    ...(model === undefined ? {} : { model }),
    ...(remove === undefined ? {} : { remove }),
    precision,
    strength,
    seed,
    steps,
    tile,
    scale,
    output: { format: format ?? 'same', metadata, ...(quality === undefined ? {} : { quality }) },
    signal,
    onProgress: (event) => progress.tell(event),
  };
}

/**
 * The files to write in a container, none of which may be lost or written twice.
 * @throws CliError `output-exists`, `output-collides`
 */
async function checkOutputs(input: InputFile, format: OutputFormat, { place, options, written, cwd }: FileContext): Promise<readonly [string, string?]> {
  const output = outputPathOf(input, place, format);
  const outputs: readonly [string, string?] = options.compare ? [output, comparePathOf(output)] : [output];
  for (const path of outputs as readonly string[]) {
    const owner = written.get(path);
    if (owner !== undefined)
      throw new CliError('output-collides', `${showPath(path, cwd)} was written for ${showPath(owner, cwd)} already; restore one of the two on its own.`);
    await checkOutput(path, { input: input.path, force: options.force ?? false, cwd });
  }
  return outputs;
}

async function write(path: string, bytes: Uint8Array, input: InputFile, { written }: FileContext): Promise<void> {
  await writeOutput(path, bytes);
  written.set(path, input.path);
}

/** A handle: its size is checked against the limits before it is read. */
async function openFile({ path, shown }: InputFile): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new CliError('input-unreadable', `${shown} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
