/**
 * The repository, installed and built -> a folder that holds what the server needs and nothing else: what goes into the image.
 *
 *     npm ci && npm run build && node apps/api/deploy/assemble.ts /bundle
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What the server reads. Of a workspace not named here only `package.json` comes along, for the lockfile, until npm is done. */
const CONTENT: readonly string[] = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'LICENSE',
  'packages/core/package.json',
  'packages/core/dist',
  'models/package.json',
  'models/index.js',
  'models/manifest.json',
  'models/weights',
  'models/fixtures',
  'models/cards',
  'apps/api/package.json',
  'apps/api/src',
  'apps/demo/dist',
];
/** Optional peers of what is needed; npm installs them because others in the lockfile need them. */
const PEERS: readonly string[] = ['onnxruntime-web', 'typescript'];
const NOT_NEEDED = /\.(test\.ts|map|d\.ts|d\.cts|cjs)$/;

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('Name the folder to make: node apps/api/deploy/assemble.ts /bundle');
assemble(resolve(folder));

function assemble(target: string): void {
  if (existsSync(target) && readdirSync(target).length > 0) throw new Error(`${target} must be empty or not there, it is not.`);
  for (const path of CONTENT) copy(path, target);
  const others = listWorkspaces().filter((path) => !existsSync(join(target, path, 'package.json')));
  for (const path of others) copy(`${path}/package.json`, target);
  run('npm', ['ci', '--omit=dev', '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund', '--workspace=@fairweather/api'], target);
  for (const path of others) rmSync(join(target, path, 'package.json'));
  for (const peer of PEERS) rmSync(join(target, 'node_modules', peer), { recursive: true, force: true });
  pruneRuntime(join(target, 'node_modules/onnxruntime-node/bin/napi-v6'));
}

function copy(path: string, target: string): void {
  const from = join(ROOT, path);
  if (!existsSync(from)) {
    if (path === '.npmrc') return;
    throw new Error(`${path} is not there; run npm ci && npm run build first.`);
  }
  mkdirSync(target, { recursive: true });
  cpSync(from, join(target, path), { recursive: true, filter: (source) => !NOT_NEEDED.test(source) });
}

function listWorkspaces(): readonly string[] {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(ROOT, group))
      .map((name) => `${group}/${name}`)
      .filter((path) => existsSync(join(ROOT, path, 'package.json'))),
  );
}

/** onnxruntime-node brings the libraries of every system. */
function pruneRuntime(bin: string): void {
  for (const system of readdirSync(bin)) {
    if (system !== platform()) rmSync(join(bin, system), { recursive: true });
    else for (const machine of readdirSync(join(bin, system))) if (machine !== arch()) rmSync(join(bin, system, machine), { recursive: true });
  }
}

function run(command: string, words: readonly string[], cwd: string): void {
  if (spawnSync(command, words, { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0) throw new Error(`${command} ${words.join(' ')} failed.`);
}
