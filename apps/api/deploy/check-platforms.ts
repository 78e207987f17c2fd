/**
 * The files of `deploy` -> their faults, by what can be asked without an account: hadolint for the Dockerfile; Google's, Azure's and Modal's own
 * Python packages for theirs.
 *
 *     npm run check-platforms -w @fairweather/api      (needs Python 3.11, PyPI once)
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preparePythonTool } from '../testing/python-tool.ts';

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const bin = preparePythonTool('check-platforms', new URL('check-platforms.txt', import.meta.url));
const checks: readonly (readonly [string, readonly string[]])[] = [
  ['hadolint', ['--failure-threshold', 'warning', at('Dockerfile')]],
  ['python', ['-B', at('check_platforms.py')]],
];
for (const [program, words] of checks) {
  const { status } = spawnSync(bin(program), words, { stdio: 'inherit' });
  console.log(`${program}: ${status === 0 ? 'no faults' : 'faults'}`);
  if (status !== 0) process.exitCode = 1;
}
