/** `npm run keys`: makes, lists and removes the API keys of a key file. A key is printed once and kept nowhere. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SCOPES, type Scope } from '@fairweather/core/contract';
import { createApiKey, keyFileSchema, type KeyRecord } from './api-key.ts';

const USAGE = `npm run keys -w @fairweather/api -- create --name <name> [--scopes restore,inspect] [--rate 60] [--expires 2027-01-01T00:00:00Z] [--file keys.json]
npm run keys -w @fairweather/api -- list [--file keys.json]
npm run keys -w @fairweather/api -- remove --id <id> [--file keys.json]`;

const text = { type: 'string' } as const;
const options = { name: text, scopes: { ...text, default: 'restore,inspect' }, rate: text, expires: text, id: text, file: { ...text, default: 'keys.json' } };

try {
  run();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}

function run(): void {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const file = resolve(process.env.INIT_CWD ?? '.', values.file); // npm changes to the workspace; paths are meant from where it was called
  const keys = readKeys(file);
  const [command] = positionals;
  if (command === 'create') {
    if (values.name === undefined) throw new Error('--name must name the key for logs.');
    const { key, record } = createApiKey({
      name: values.name,
      scopes: values.scopes.split(',').map(asScope),
      ...(values.rate === undefined ? {} : { ratePerMinute: Number(values.rate) }),
      ...(values.expires === undefined ? {} : { expiresAt: values.expires }),
    });
    writeKeys(file, [...keys, record]);
    console.log(key);
    console.error(`Kept as ${record.id} in ${file}; the key itself is shown this once.`);
  } else if (command === 'list') {
    for (const { id, name, scopes, ratePerMinute, expiresAt } of keys)
      console.log([id, name, scopes.join(','), ratePerMinute ?? 'server rate', expiresAt ?? 'no end'].join('\t'));
  } else if (command === 'remove') {
    const left = keys.filter(({ id }) => id !== values.id);
    if (left.length === keys.length) throw new Error(`--id must be one of ${keys.map(({ id }) => id).join(', ') || 'none there are'}.`);
    writeKeys(file, left);
  } else throw new Error('Expected create, list or remove.');
}

function asScope(word: string): Scope {
  const scope = SCOPES.find((s) => s === word);
  if (scope === undefined) throw new Error(`--scopes must be of ${SCOPES.join(', ')}, got ${word}.`);
  return scope;
}

function readKeys(file: string): readonly KeyRecord[] {
  return existsSync(file) ? keyFileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).keys : [];
}

/** Whole or not at all, and readable by its owner alone. */
function writeKeys(file: string, keys: readonly KeyRecord[]): void {
  const content = keyFileSchema.parse({ version: 1, keys });
  writeFileSync(`${file}.partial`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.partial`, file);
}
