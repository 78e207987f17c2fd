/** Where a redis-server stands on this machine; and how one gets there. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The server to test with: `REDIS_SERVER_PATH`, or one on the path. */
export function findRedis(): string | undefined {
  const named = process.env.REDIS_SERVER_PATH;
  if (named !== undefined) return named;
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'redis-server'))
    .find((path) => existsSync(path));
}

/** Installs Debian's or Ubuntu's package, for root alone; it is not started. @returns its path, or nothing when that failed */
export function installRedis(say: (sentence: string) => void): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', 'redis-server']]) {
    say(`No redis-server found; running: apt-get ${words.join(' ')}`);
    // A container has no init to start it with: the tests start their own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    if (spawnSync('apt-get', words, { stdio: ['ignore', 'ignore', 'inherit'], env }).status !== 0) return undefined;
  }
  return findRedis();
}
