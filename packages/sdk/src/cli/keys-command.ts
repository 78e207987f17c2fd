/** `fairweather keys create|list|revoke`: the key file of the HTTP API. A key is printed once and kept nowhere. */
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createApiKey, formatKeyFile, KeyFileError, type KeyRecord, parseKeyFile } from '@fairweather/core/api-key';
import { SCOPES, type Scope } from '@fairweather/core/contract';
import { CliError, UsageError } from './cli-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { printJson, printLine, type Terminal } from './terminal.ts';

export type KeysCommandOptions = { readonly file: string; readonly json?: boolean };
export type CreateKeyOptions = KeysCommandOptions & {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly rate?: number;
  readonly expires?: string;
};

/** The key alone on stdout, so that it can be piped into a secret store. */
export async function runKeysCreate({ file, name, scopes, rate, expires, json }: CreateKeyOptions, { stdout, stderr, cwd }: Terminal): Promise<ExitCode> {
  const path = resolve(cwd, file);
  const facts = {
    name,
    scopes: scopes.map(asScope),
    ...(rate === undefined ? {} : { ratePerMinute: rate }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  };
  const keys = await readKeys(path, []);
  const { key, record } = await createApiKey(facts);
  await writeKeys(path, [...keys, record]);
  if (json) printJson(stdout, { key, ...withoutHash(record) });
  else printLine(stdout, key);
  printLine(stderr, `Kept as ${record.id} in ${path}; the key itself is shown this once.`);
  return EXIT.ok;
}

export async function runKeysList({ file, json }: KeysCommandOptions, { stdout, cwd }: Terminal): Promise<ExitCode> {
  for (const record of await readKeys(resolve(cwd, file))) {
    const { id, name, scopes, ratePerMinute, expiresAt } = record;
    if (json) printJson(stdout, withoutHash(record));
    else
      printLine(stdout, [id, name, scopes.join(','), ratePerMinute === undefined ? "server's rate" : `${ratePerMinute}/min`, expiresAt ?? 'no end'].join('\t'));
  }
  return EXIT.ok;
}

/** The server knows the key no longer once it has read the file again. */
export async function runKeysRevoke(ids: readonly string[], { file }: KeysCommandOptions, { stderr, cwd }: Terminal): Promise<ExitCode> {
  const path = resolve(cwd, file);
  const keys = await readKeys(path);
  const unknown = ids.find((id) => !keys.some((record) => record.id === id));
  if (unknown !== undefined) throw new UsageError(`There is no key ${unknown} in ${path}; there are ${keys.map(({ id }) => id).join(', ') || 'none'}.`);
  await writeKeys(
    path,
    keys.filter(({ id }) => !ids.includes(id)),
  );
  printLine(stderr, `Revoked ${ids.join(', ')}; a running server reads the file at its next start.`);
  return EXIT.ok;
}

function withoutHash({ sha256: _, ...facts }: KeyRecord): Omit<KeyRecord, 'sha256'> {
  return facts;
}

function asScope(word: string): Scope {
  const scope = SCOPES.find((s) => s === word);
  if (scope === undefined) throw new UsageError(`--scopes must be of ${SCOPES.join(', ')}, got ${word}.`);
  return scope;
}

/** @param missing what a file that is not there holds; without it such a file is an error */
async function readKeys(path: string, missing?: readonly KeyRecord[]): Promise<readonly KeyRecord[]> {
  try {
    return parseKeyFile(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof KeyFileError) throw new CliError('input-unreadable', `${path} is no key file: ${cause.message}`, { cause });
    const { code } = cause as NodeJS.ErrnoException; // readFile throws nothing else
    if (code === 'ENOENT' && missing !== undefined) return missing;
    throw new CliError(code === 'ENOENT' ? 'input-not-found' : 'input-unreadable', `The key file ${path} cannot be read (${code}).`, { cause });
  }
}

/** Whole or not at all, and readable by its owner alone. */
async function writeKeys(path: string, keys: readonly KeyRecord[]): Promise<void> {
  const text = formatChecked(keys);
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, text, { mode: 0o600 });
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new CliError('output-unwritable', `The key file ${path} cannot be written (${(cause as NodeJS.ErrnoException).code}).`, { cause });
  }
}

/** What was read was right: a fault is in what was asked for. */
function formatChecked(keys: readonly KeyRecord[]): string {
  try {
    return formatKeyFile(keys);
  } catch (error) {
    throw error instanceof KeyFileError ? new UsageError(`The key cannot be kept: ${error.message}.`) : error;
  }
}
