/** `fairweather restore`: pictures in, restored pictures out; one that fails is reported and does not stop the rest. */
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { OutputFormat, Restorer, RestoreReport } from '@fairweather/core';
import { CliError, describeFailure, type Failure, UsageError } from './cli-error.ts';
import { composeComparison } from './compare-picture.ts';
import { type EngineOptions, openEngine } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findInputs, type InputFile } from './find-inputs.ts';
import { comparePathOf, type OutputPlace, outputPathOf, planOutputPlace } from './output-path.ts';
import { formatOfName } from './picture-files.ts';
import { type PictureProgress, startProgress } from './progress-bar.ts';
import { formatDuration, weatherWords } from './report-text.ts';
import { showPath } from './show-path.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';
import { checkOutput, writeOutput } from './write-output.ts';

export type RestoreCommandOptions = EngineOptions & {
  readonly output?: string;
  readonly remove?: readonly string[];
  readonly strength: number;
  readonly seed: number;
  readonly steps: 1 | 2;
  readonly tile?: number;
  readonly format?: OutputFormat;
  readonly quality?: number;
  readonly metadata: 'keep' | 'strip';
  readonly compare?: boolean;
  readonly recursive?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
};

/** What became of one picture. */
type Restored = { readonly input: string; readonly output: string; readonly compare?: string; readonly report: RestoreReport };
type Outcome = Restored | { readonly input: string; readonly error: Failure };

/** @throws UsageError before anything was done */
export async function runRestore(words: readonly string[], options: RestoreCommandOptions, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const { cwd } = terminal;
  if (options.format === 'png' && options.quality !== undefined) throw new UsageError('--quality: png is lossless and has none; leave it out.');
  const { inputs, oneFile } = await findInputs(words, { cwd, recursive: options.recursive ?? false });
  const place = await planOutputPlace(options.output, { cwd, oneFile, format: options.format });
  const restorer = await openEngine(options, cwd, options.remove);
  const progress = startProgress(
    terminal,
    inputs.filter((input) => 'path' in input),
  );
  const tell = (outcome: Outcome): void => {
    progress.hide();
    printOutcome(outcome, terminal, options.json ?? false);
  };

  let failed = 0;
  let done = 0;
  try {
    const taken = new Map<string, string>();
    for (const input of inputs) {
      if (signal.aborted) break;
      const outcome =
        'error' in input
          ? { input: input.shown, error: describeFailure(input.error) }
          : await restoreFile(input, { restorer, place, options, taken, progress, signal, cwd });
      if ('error' in outcome && signal.aborted) break; // an interruption is told once, below
      tell(outcome);
      if ('error' in outcome) failed += 1;
      else done += 1;
    }
  } finally {
    progress.stop();
    await restorer.dispose();
  }
  if (signal.aborted) {
    printLine(terminal.stderr, `Interrupted: ${done} of ${inputs.length} restored.`);
    return EXIT.interrupted;
  }
  if (inputs.length > 1) printLine(terminal.stderr, `${done} of ${inputs.length} restored${failed > 0 ? `, ${failed} failed` : ''}.`);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

type FileContext = {
  readonly restorer: Restorer;
  readonly place: OutputPlace;
  readonly options: RestoreCommandOptions;
  /** Outputs of this call, and the inputs they came from. */
  readonly taken: Map<string, string>;
  readonly progress: PictureProgress;
  readonly signal: AbortSignal;
  readonly cwd: string;
};

async function restoreFile(input: InputFile, context: FileContext): Promise<Outcome> {
  const { restorer, place, options, progress, signal, cwd } = context;
  progress.start(input);
  try {
    const format = place.kind === 'file' ? place.format : options.format;
    // Refused before the work is done; the name is checked again below, for only the file's content tells its container.
    await claimOutput(input, outputPathOf(input, place, format ?? formatOfName(input.path) ?? 'png'), context);
    const file = await openFile(input);
    const { image, mediaType, report } = await restorer.restore(file, {
      ...(options.model === undefined ? {} : { model: options.model }),
      ...(options.remove === undefined ? {} : { remove: options.remove }),
      precision: options.precision,
      strength: options.strength,
      seed: options.seed,
      steps: options.steps,
      tile: options.tile ?? 'auto',
      output: {
        format: format ?? 'same',
        metadata: options.metadata,
        ...(options.quality === undefined ? {} : { quality: options.quality }),
      },
      signal,
      onProgress: (event) => progress.tell(event),
    });
    const written = mediaType.slice('image/'.length) as OutputFormat; // the type says so
    const output = outputPathOf(input, place, written);
    await claimOutput(input, output, context);
    await writeOutput(output, image);
    const shown = showPath(output, cwd);
    if (!options.compare) return { input: input.shown, output: shown, report };
    const compare = comparePathOf(output);
    await claimOutput(input, compare, context);
    await writeOutput(compare, await composeComparison(await readFile(input.path), image, written));
    return { input: input.shown, output: shown, compare: showPath(compare, cwd), report };
  } catch (error) {
    return { input: input.shown, error: describeFailure(error) };
  } finally {
    progress.finish();
  }
}

/** @throws CliError `output-exists`, `output-collides` */
async function claimOutput(input: InputFile, output: string, { taken, options, cwd }: FileContext): Promise<void> {
  const owner = taken.get(output);
  if (owner !== undefined && owner !== input.path)
    throw new CliError('output-collides', `${showPath(output, cwd)} was written for ${showPath(owner, cwd)} already; restore one of the two on its own.`);
  await checkOutput(output, { input: input.path, force: options.force ?? false, cwd });
  taken.set(output, input.path);
}

/** A handle: its size is checked against the limits before it is read. */
async function openFile({ path, shown }: InputFile): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new CliError('input-unreadable', `${shown} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function printOutcome(outcome: Outcome, { stdout, stderr }: Terminal, json: boolean): void {
  if (json) printJson(stdout, 'error' in outcome ? outcome : flatten(outcome));
  else if ('error' in outcome) printLine(stderr, `${outcome.input}: ${outcome.error.message} (${outcome.error.code})`);
  else printReport(outcome, stdout, stderr);
}

function printReport({ input, output, compare, report }: Restored, stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): void {
  const where = compare === undefined ? output : `${output}, ${compare}`;
  printLine(stdout, `${input} → ${where}   ${weatherWords(report.weather)}   ${formatDuration(report.timings.total)}`);
  for (const { message } of report.warnings) printLine(stderr, `  note: ${message}`);
}

/** The line of `--json`: who and where first, then the report. */
function flatten({ input, output, compare, report: { input: picture, output: written, ...facts } }: Restored): unknown {
  return { input, output, ...(compare === undefined ? {} : { compare }), ...facts, picture, written };
}
