/** A `package.json` with pinned packages -> a folder with them installed in the API's `.cache`, made at its first use. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * No install script runs.
 * @param name of the folder, for people
 * @returns the path of its `node_modules`
 */
export function prepareNpmTool(name: string, packageJson: URL): string {
  const digest = createHash('sha256').update(readFileSync(packageJson)).digest('hex').slice(0, 12);
  const folder = fileURLToPath(new URL(`../.cache/${name}-${digest}`, import.meta.url));
  if (!existsSync(join(folder, 'complete'))) {
    console.log(`Installing ${name} (once)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(fileURLToPath(packageJson), join(folder, 'package.json'));
    const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
    if (spawnSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) throw new Error(`npm could not install ${name}.`);
    writeFileSync(join(folder, 'complete'), ''); // one that was broken off has none
  }
  return join(folder, 'node_modules');
}
