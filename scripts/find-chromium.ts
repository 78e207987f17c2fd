/** Where a Chromium or Chrome stands on this machine; and how one gets there. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser to test with: `CHROMIUM_PATH`, an installed one, or the one that playwright-core downloaded. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined) return named;
  return [...PLACES, chromium.executablePath()].find((path) => existsSync(path));
}

/** Installs one: Debian's own package for root on Debian, else playwright-core's download. @returns its path, or nothing when that failed */
export function installChromium(say: (sentence: string) => void): string | undefined {
  const asRootOnDebian = process.getuid?.() === 0 && existsSync('/etc/debian_version') && !existsSync('/etc/lsb-release'); // Ubuntu's package is a snap
  const commands = asRootOnDebian
    ? [
        ['apt-get', 'update'],
        ['apt-get', 'install', '--yes', '--no-install-recommends', 'chromium'],
      ]
    : [['npx', 'playwright-core', 'install', 'chromium']];
  for (const words of commands) {
    say(`No Chromium found; running: ${words.join(' ')}`);
    const [command, ...rest] = words as [string, ...string[]]; // as written above
    if (
      spawnSync(command, rest, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        shell: process.platform === 'win32',
      }).status !== 0
    )
      return undefined;
  }
  return findChromium();
}
