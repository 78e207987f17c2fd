/** The built command as a process: words in, what it said and its exit code out. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';

const COMMAND = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export type CommandResult = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** `--json` lines of stdout. */
  readonly lines: readonly Record<string, unknown>[];
};

export type CommandOptions = {
  /** Called with all of stdout so far, whenever more comes; may send a signal. */
  readonly onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
  readonly env?: NodeJS.ProcessEnv;
};

/** @param cwd the folder it is called in */
export function runCommand(cwd: string, words: readonly string[], { onOutput, env = {} }: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...words], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, lines: parseLines(stdout) }));
  });
}

function parseLines(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>); // the command prints objects
}

/** An empty folder for one test, removed after it. Called in a test or in `beforeEach`. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairweather-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A picture with some structure, written as its ending says. */
export async function paintPicture(path: string, { width = 48, height = 32 }: { readonly width?: number; readonly height?: number } = {}): Promise<void> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + Math.floor(i / (3 * width)) * 13 + (i % 3) * 40) % 251);
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path);
}
