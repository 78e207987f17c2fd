import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { findKey } from './api-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairweather-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'keys.json');
const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const keys = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [main, ...words, '--file', file], { encoding: 'utf8' });

it('makes keys that the server knows, lists and removes them; the file holds no key', () => {
  const created = keys('create', '--name', 'shop', '--scopes', 'restore', '--rate', '30');
  const key = created.stdout.trim();
  keys('create', '--name', 'other');
  const records = readConfig({ FAIRWEATHER_KEYS_FILE: file }).app.keys ?? [];
  expect(findKey(records, key, new Date())).toMatchObject({ name: 'shop', scopes: ['restore'], ratePerMinute: 30 });
  expect(readFileSync(file, 'utf8')).not.toContain(key);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  const [first, second] = keys('list').stdout.trim().split('\n');
  expect([first, second]).toEqual([expect.stringContaining('\tshop\trestore\t30\t'), expect.stringContaining('\tother\trestore,inspect\tserver rate\t')]);
  expect(keys('remove', '--id', String(first?.slice(0, 12))).status).toBe(0);
  expect(readConfig({ FAIRWEATHER_KEYS_FILE: file }).app.keys?.map(({ name }) => name)).toEqual(['other']);
});

it.each([
  [['create'], '--name'],
  [['create', '--name', 'x', '--scopes', 'all'], '--scopes'],
  [['create', '--name', 'x', '--rate', 'fast'], 'ratePerMinute'],
  [['remove', '--id', 'x'], '--id'],
  [['burn'], 'create, list or remove'],
])('refuses %j, says what is wrong, and changes nothing', (words, named) => {
  const before = readFileSync(file, 'utf8');
  const { status, stderr } = keys(...words);
  expect([status, stderr]).toEqual([2, expect.stringContaining(named)]);
  expect(readFileSync(file, 'utf8')).toBe(before);
});
