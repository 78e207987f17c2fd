/** A fresh folder -> the packed packages installed in it, as a stranger would, and the examples beside them. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const PACKED: readonly string[] = ['packages/core', 'packages/sdk', 'models'];

export type Workplace = {
  /** Folder with `node_modules` and the examples. */
  readonly folder: string;
  /** Runs a command in an example's folder. @returns what it printed; an exit status other than 0 is an error that shows it */
  run(example: string, words: readonly [string, ...string[]], environment?: Readonly<Record<string, string>>): Promise<string>;
  /** The file of an installed package's command. */
  command(name: string): string;
  remove(): Promise<void>;
};

export async function openWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'fairweather-consumers-'));
  const workplace: Workplace = {
    folder,
    run: (example, words, environment = {}) => run(join(folder, example), words, environment),
    command: (name) => join(folder, 'node_modules/.bin', name),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  const tarballs = join(folder, 'tarballs');
  await cp(fileURLToPath(new URL('package.json', import.meta.url)), join(folder, 'package.json'));
  await cp(join(root, 'samples/rain.jpg'), join(tarballs, '../rain.jpg'));
  await cp(fileURLToPath(new URL('../../examples', import.meta.url)), folder, { recursive: true });
  await cp(join(folder, 'package.json'), join(tarballs, 'package.json')); // makes the folder
  for (const place of PACKED) await run(join(root, place), ['npm', 'pack', '--ignore-scripts', '--pack-destination', tarballs]);
  const files = (await readdir(tarballs)).filter((name) => name.endsWith('.tgz')).map((name) => `./tarballs/${name}`);
  // Nothing may depend on install scripts, so none is run.
  await run(folder, ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...files]);
  return workplace;
}

/** Scripts that npm would run at the installation of a package. */
export async function installScriptsOf(workplace: Workplace, name: string): Promise<readonly string[]> {
  const { scripts = {} } = JSON.parse(await readFile(join(workplace.folder, 'node_modules', name, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>;
  };
  return Object.keys(scripts).filter((script) => ['preinstall', 'install', 'postinstall', 'prepare'].includes(script));
}

function run(cwd: string, [command, ...words]: readonly [string, ...string[]], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const PATH = `${dirname(process.execPath)}:${process.env.PATH}`; // the same Node for what they start
    const child = spawn(command, words, { cwd, env: { ...process.env, PATH, NODE_ENV: undefined, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const note = (chunk: Buffer): void => {
      text += chunk;
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ${words.join(' ')} ended with ${code}:\n${text}`))));
  });
}
