/** `fairweather inspect`: pictures in, the weather in them out; nothing is restored. */
import { openAsBlob } from 'node:fs';
import type { InspectResult } from '@fairweather/core';
import { describeFailure } from './cli-error.ts';
import type { CommandEngine } from './command-engine.ts';
import { type EngineOptions, openEngine } from './engine.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type FoundInput, findInputs } from './find-inputs.ts';
import { weatherBars, weatherWords } from './report-text.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export type InspectCommandOptions = EngineOptions & { readonly recursive?: boolean; readonly json?: boolean };

export async function runInspect(words: readonly string[], options: InspectCommandOptions, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const { stdout, stderr, cwd } = terminal;
  const { inputs } = await findInputs(words, { cwd, recursive: options.recursive ?? false });
  const engine = await openEngine(options, cwd);
  let failed = 0;
  try {
    for (const input of inputs) {
      try {
        const result = await inspectInput(input, engine, options, signal);
        if (options.json) printJson(stdout, { ...result, input: input.shown, picture: result.input });
        else printBars(input.shown, result, terminal);
      } catch (error) {
        if (signal.aborted) return EXIT.interrupted;
        failed += 1;
        const failure = describeFailure(error);
        if (options.json) printJson(stdout, { input: input.shown, error: failure });
        else printLine(stderr, `${input.shown}: ${failure.message} (${failure.code})`);
      }
    }
  } finally {
    await engine.dispose();
  }
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

async function inspectInput(
  input: FoundInput,
  engine: CommandEngine,
  { model, precision }: InspectCommandOptions,
  signal: AbortSignal,
): Promise<InspectResult> {
  if ('error' in input) throw input.error;
  return engine.inspect(await openAsBlob(input.path), { ...(model === undefined ? {} : { model }), precision, signal });
}

function printBars(shown: string, { input, weather }: InspectResult, { stdout }: Terminal): void {
  printLine(stdout, `${shown}   ${input.width} x ${input.height}, ${input.format}`);
  const lines = weather.length === 0 ? [`  ${weatherWords(weather)}`] : weatherBars(weather);
  for (const line of lines) printLine(stdout, line);
}
