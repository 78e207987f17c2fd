/** A list of pinned Python packages -> a folder with them in the API's `.cache`, made at its first use. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @param name of the folder, for people
 * @param requirements the list, as pip takes it
 * @returns a program of it, by its name
 */
export function preparePythonTool(name: string, requirements: URL): (program: string) => string {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = fileURLToPath(new URL(`../.cache/${name}-${digest}`, import.meta.url));
  if (!existsSync(join(folder, 'complete'))) install(name, folder, fileURLToPath(requirements));
  return (program) => programOf(folder, program);
}

function install(name: string, folder: string, requirements: string): void {
  console.log(`Installing ${name} (once)`);
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  run(programOf(folder, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]);
  writeFileSync(join(folder, 'complete'), ''); // one that was broken off has none
}

function programOf(folder: string, program: string): string {
  return join(folder, process.platform === 'win32' ? 'Scripts' : 'bin', program);
}

function run(command: string, args: readonly string[]): void {
  if (spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) throw new Error(`${command} ${args.join(' ')} failed.`);
}
