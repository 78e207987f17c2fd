/** The built command on a real key file. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findKey, parseKeyFile } from '@fairweather/core/api-key';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CommandResult, makeFolder, runCommand } from '../../testing/run-command.ts';

describe('fairweather keys', () => {
  it('makes keys that a server can find, lists and revokes them; the file holds no key and is its owner’s alone', async () => {
    const folder = await makeFolder();
    const keys = (...words: string[]): Promise<CommandResult> => runCommand(folder, ['keys', ...words]);
    const file = join(folder, 'keys.json');
    const records = async (): ReturnType<typeof readRecords> => readRecords(file);
    const key = (await keys('create', '--name', 'shop', '--scopes', 'restore', '--rate', '30')).stdout.trim();
    const [other] = (await keys('create', '--name', 'other', '--expires', '2027-01-01T00:00:00Z', '--json')).lines;
    expect(await findKey(await records(), key, new Date(0))).toMatchObject({ name: 'shop', scopes: ['restore'], ratePerMinute: 30 });
    expect(await findKey(await records(), String(other?.key), new Date(0))).toMatchObject({ name: 'other', scopes: ['restore', 'inspect'] });
    expect(await readFile(file, 'utf8')).not.toContain(key);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [first, second] = (await keys('list')).stdout.trim().split('\n');
    expect([first, second]).toEqual([
      expect.stringContaining('\tshop\trestore\t30/min\tno end'),
      expect.stringContaining("\tother\trestore,inspect\tserver's rate\t2027-01-01T00:00:00Z"),
    ]);
    expect((await keys('revoke', String(first?.slice(0, 12)))).code).toBe(0);
    expect((await records()).map(({ name }) => name)).toEqual(['other']);
  });

  describe('called wrongly', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await makeFolderOfKeys();
    });
    it.each<[readonly string[], number, string]>([
      [['create'], 2, '--name'],
      [['create', '--name', 'x', '--scopes', 'all'], 2, '--scopes must be of restore, inspect, metrics'],
      [['create', '--name', 'x', '--rate', 'fast'], 2, '--rate'],
      [['create', '--name', 'x', '--expires', 'soon'], 2, 'expiresAt: must be a time'],
      [['revoke', 'x'], 2, 'There is no key x'],
      [['list', '--file', 'nowhere.json'], 1, 'input-not-found'],
      [['burn'], 2, 'burn'],
    ])('%j says what is wrong, and changes nothing', async (words, code, named) => {
      const before = await readFile(join(folder, 'keys.json'), 'utf8');
      const result = await runCommand(folder, ['keys', ...words]);
      expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(named)]);
      expect(await readFile(join(folder, 'keys.json'), 'utf8')).toBe(before);
    });
  });
});

async function readRecords(file: string): Promise<ReturnType<typeof parseKeyFile>> {
  return parseKeyFile(await readFile(file, 'utf8'));
}

async function makeFolderOfKeys(): Promise<string> {
  const folder = await makeFolder();
  await runCommand(folder, ['keys', 'create', '--name', 'shop']);
  return folder;
}
