/** `fairweather restore`: pictures in, restored pictures out; one that fails is reported and does not stop the rest. */
import { describeFailure, UsageError } from './cli-error.ts';
import { openEngine } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findInputs } from './find-inputs.ts';
import { planOutputPlace } from './output-path.ts';
import { startProgress } from './progress-bar.ts';
import { formatDuration, weatherWords } from './report-text.ts';
import type { RestoreCommandOptions } from './restore-command-options.ts';
import { type Outcome, type Restored, restoreFile } from './restore-file.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

/** @throws UsageError before anything was done */
export async function runRestore(words: readonly string[], options: RestoreCommandOptions, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const { cwd } = terminal;
  if (options.format === 'png' && options.quality !== undefined) throw new UsageError('--quality: png is lossless and has none; leave it out.');
  const { inputs, oneFile } = await findInputs(words, { cwd, recursive: options.recursive ?? false });
  const place = await planOutputPlace(options.output, { cwd, oneFile, format: options.format });
  const engine = await openEngine(options, cwd, options.remove);
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
    const written = new Map<string, string>();
    for (const input of inputs) {
      if (signal.aborted) break;
      const outcome =
        'error' in input
          ? { input: input.shown, error: describeFailure(input.error) }
          : await restoreFile(input, { engine, place, options, written, progress, signal, cwd });
      if ('error' in outcome && signal.aborted) break; // an interruption is told once, below
      tell(outcome);
      if ('error' in outcome) failed += 1;
      else done += 1;
    }
  } finally {
    progress.stop();
    await engine.dispose();
  }
  if (signal.aborted) {
    printLine(terminal.stderr, `Interrupted: ${done} of ${inputs.length} restored.`);
    return EXIT.interrupted;
  }
  if (inputs.length > 1) printLine(terminal.stderr, `${done} of ${inputs.length} restored${failed > 0 ? `, ${failed} failed` : ''}.`);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function printOutcome(outcome: Outcome, { stdout, stderr }: Terminal, json: boolean): void {
  if (json) printJson(stdout, 'error' in outcome ? outcome : flatten(outcome));
  else if ('error' in outcome) printLine(stderr, `${outcome.input}: ${outcome.error.message} (${outcome.error.code})`);
  else printReport(outcome, stdout, stderr);
}

function printReport({ input, output, compare, report }: Restored, stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): void {
  const where = compare === undefined ? output : `${output}, ${compare}`;
  printLine(stdout, `${input} → ${where}   ${weatherWords(report.weather)}   ${formatDuration(report.timings.total)}`);
  const { factor, width, height, hazeSizes, reason } = report.scale;
  const hazeAlone = hazeSizes.at(-1)?.width === width; // always looked at so: nothing to note
  if (factor < 1 && !hazeAlone) printLine(stderr, `  note: worked at ${width}x${height} and brought back. ${reason}`);
  for (const { message } of report.warnings) printLine(stderr, `  note: ${message}`);
}

/** The line of `--json`: who and where first, then the report. */
function flatten({ input, output, compare, report: { input: picture, output: written, ...facts } }: Restored): unknown {
  return { input, output, ...(compare === undefined ? {} : { compare }), ...facts, picture, written };
}
