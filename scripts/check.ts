/** `npm run check`: directions of imports and cycles, packages as they would be published, licences. Build first. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build.ts';
import { findRefusedLicences, type Lockfile } from './licences.ts';

const PUBLISHED: readonly string[] = ['packages/core', 'packages/sdk', 'models'];
/** Packages that can be imported. The models are data: `node16` covers both kinds of Node. */
const IMPORTED: readonly string[] = ['packages/core', 'packages/sdk'];

const checks: readonly (readonly [string, () => boolean])[] = [
  ['directions of imports', () => run(['depcruise', '--config', '.dependency-cruiser.js', 'packages/*/src', 'packages/*/testing', 'apps/*/src'])],
  ...PUBLISHED.map((folder) => [`${folder}: publint`, () => run(['publint', '--strict', folder])] as const),
  ...IMPORTED.map((folder) => [`${folder}: types resolve for every way of importing`, () => run(['attw', '--pack', folder, '--profile', 'node16'])] as const),
  ['packages/sdk: every public symbol is documented', () => run(['typedoc', '--options', 'packages/sdk/typedoc.json', '--emit', 'none'])],
  ['licences', checkLicences],
];

const failed = checks.filter(([what, check]) => {
  console.log(`\n== ${what}`);
  return !check();
});
console.log(`\n${checks.length - failed.length} checks passed, ${failed.length} failed${failed.map(([what]) => `\n  ${what}`).join('')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function run([command, ...words]: readonly string[]): boolean {
  return spawnSync(command as string, words, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' }).status === 0; // every list has a command
}

function checkLicences(): boolean {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile; // written by npm
  const refused = findRefusedLicences(lock);
  for (const { name, licence } of refused) console.log(`${name}: ${licence}`);
  if (refused.length === 0) console.log(`${Object.keys(lock.packages).length} packages, none refused`);
  return refused.length === 0;
}
