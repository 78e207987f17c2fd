/** Bytes -> a file that is either whole or not there. */
import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './cli-error.ts';
import { showPath } from './show-path.ts';

/**
 * Refuses an output that would destroy something: the input always, another file unless forced.
 * @throws CliError `output-exists`
 */
export async function checkOutput(
  output: string,
  { input, force, cwd }: { readonly input: string; readonly force: boolean; readonly cwd: string },
): Promise<void> {
  const facts = await stat(output).catch(() => undefined); // not there: nothing to lose
  if (facts === undefined) return;
  const shown = showPath(output, cwd);
  if ((await realpath(output)) === (await realpath(input))) throw new CliError('output-exists', `${shown} is the input; name another output with -o.`);
  if (facts.isDirectory()) throw new CliError('output-exists', `${shown} is a folder; name another output with -o.`);
  if (!force) throw new CliError('output-exists', `${shown} exists; write it anew with --force, or name another output with -o.`);
}

/**
 * Writes beside the output first and renames then, so that an interruption leaves no half picture.
 * @throws CliError `output-unwritable`
 */
export async function writeOutput(output: string, bytes: Uint8Array): Promise<void> {
  const partial = `${output}.${randomUUID()}.partial`;
  try {
    await mkdir(dirname(output), { recursive: true });
    await writeFile(partial, bytes);
    await rename(partial, output);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new CliError('output-unwritable', `${output} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
