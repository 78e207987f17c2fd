/** The built command against a server: `fairweather --server`. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiKey, formatKeyFile } from '@fairweather/core/api-key';
import { createFakeWorkers } from '../../../../apps/api/testing/fake-workers.ts';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import { makeFolder, paintPicture, runCommand } from '../../testing/run-command.ts';

const { key, record } = await createApiKey({ name: 'command', scopes: ['restore', 'inspect'] });
// Pictures come back as they went.
const server = await startTestServer({ FAIRWEATHER_KEYS: formatKeyFile([record]) }, createFakeWorkers('at-once').start);
afterAll(() => server.close());

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
  await paintPicture(join(folder, 'in.png'));
});
afterEach(() => rm(folder, { recursive: true }));
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) => runCommand(folder, words, { env });

describe('fairweather --server', () => {
  it('restores by the server, with the options and a key of the environment, and tells what it says', async () => {
    const { code, stderr, lines } = await run(['restore', 'in.png', '-o', 'out.png', '--server', server.url, '--seed', '7', '--compare', '--json'], {
      FAIRWEATHER_API_KEY: key,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await readFile(join(folder, 'out.png'))).equals(await readFile(join(folder, 'in.png')))).toBe(true);
    expect(lines).toMatchObject([{ output: 'out.png', seed: 7, run: { engine: 'remote', jobId: expect.stringMatching(/^job_/) } }]);
    expect((await sharp(join(folder, 'out.compare.png')).metadata()).width).toBe(2 * 48 + 8);
  });
  it('inspects by the server that the environment names', async () => {
    const { code, stdout } = await run(['inspect', 'in.png'], { FAIRWEATHER_SERVER: server.url, FAIRWEATHER_API_KEY: key });
    expect([code, stdout]).toEqual([0, expect.stringContaining('rain')]);
  });
  it('says what a server refuses, and when there is none', async () => {
    const refused = await run(['restore', 'in.png', '--server', server.url, '--key', 'fw_wrong']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('(unauthorized)')]);
    const wrong = await run(['restore', 'in.png', '--server', 'nowhere']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--server must be')]);
  });
  it.each<[string, readonly string[], string]>([
    ['an engine of this machine', ['--server', 'http://127.0.0.1:9', '--backend', 'cpu'], 'cannot be used with'],
    ['models of this machine', ['--server', 'http://127.0.0.1:9', '--models', '.'], 'a server has its own'],
    ['a key without a server', ['--key', 'fw_x'], 'name it with --server'],
  ])('refuses %s', async (_, words, sentence) => {
    const { code, stderr } = await run(['restore', 'in.png', ...words]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});
