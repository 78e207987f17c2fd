/** Builds a workspace and what it stands on; says something only when that fails. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

/** @param workspace name of a workspace, or none for all; the process ends when its build fails */
export function buildQuietly(workspace?: string): void {
  const filter = workspace === undefined ? [] : [`--filter=${workspace}`];
  const { status, stdout, error } = spawnSync('turbo', ['run', 'build', ...filter, '--output-logs=errors-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  process.stderr.write(error === undefined ? `${stdout}The build failed.\n` : `turbo could not be started (${error.message}); run npm ci first.\n`);
  process.exit(1);
}
