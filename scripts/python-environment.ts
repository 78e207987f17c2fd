/** The recipe's Python environment: `.venv` at the root, with the packages of `models/recipe/requirements.txt`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build.ts';

const REQUIREMENTS = join(ROOT, 'models/recipe/requirements.txt');
const VENV = join(ROOT, '.venv');
const PYTHON = join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
/** Holds the hash of the requirements that were installed last. */
const STAMP = join(VENV, 'installed-requirements.sha256');
/** The pinned packages have wheels for these. */
const OLDEST_PYTHON: readonly [number, number] = [3, 11];
const COMMANDS: readonly string[] = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
const CPU_WHEELS = 'https://download.pytorch.org/whl/cpu';

/** @returns the environment's python, or nothing when there is no Python that is new enough; throws when its packages cannot be installed */
export function preparePython(say: (sentence: string) => void): string | undefined {
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(PYTHON) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return PYTHON;
  if (!existsSync(PYTHON)) {
    const python = COMMANDS.find(isNewEnough);
    if (python === undefined) return undefined;
    say(`Making a Python environment in .venv with ${python}`);
    if (run(python, ['-m', 'venv', VENV]) !== 0) throw new Error('python -m venv failed; on Debian and Ubuntu: apt-get install python3-venv.');
  }
  say('Installing the packages of models/recipe/requirements.txt into .venv (once, some minutes)');
  if (
    wouldInstallCuda() &&
    run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--retries', '1', '--timeout', '20', '--index-url', CPU_WHEELS, torchRequirement()]) !== 0
  )
    say(`The CPU build of PyTorch could not be had from ${CPU_WHEELS}; taking the default one, which is large.`);
  if (run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS]) !== 0)
    throw new Error('The Python packages could not be installed; see the messages of pip above.');
  writeFileSync(STAMP, wanted);
  return PYTHON;
}

/** Systems may bring an old python3 and have a newer one beside it. */
function isNewEnough(command: string): boolean {
  const check = `import sys; sys.exit(sys.version_info < (${OLDEST_PYTHON.join(', ')}))`;
  return run(command, ['-c', check], 'ignore') === 0;
}

/** Whether pip would fetch a build of PyTorch with gigabytes of CUDA libraries for tests that run on the CPU. */
function wouldInstallCuda(): boolean {
  if (process.platform !== 'linux') return false;
  const { stdout } = spawnSync(
    PYTHON,
    ['-m', 'pip', 'install', '--quiet', '--dry-run', '--ignore-installed', '--no-deps', '--report', '-', torchRequirement()],
    { encoding: 'utf8', cwd: ROOT },
  );
  return !/"version":\s*"[^"]*\+cpu"/.test(stdout);
}

function torchRequirement(): string {
  const line = readFileSync(REQUIREMENTS, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('torch=='));
  if (line === undefined) throw new Error(`${REQUIREMENTS} must pin torch.`);
  return line.trim();
}

function run(command: string, words: readonly string[], stdio: 'inherit' | 'ignore' = 'inherit'): number {
  return spawnSync(command, words, { stdio: ['ignore', stdio, stdio], cwd: ROOT }).status ?? 1;
}
