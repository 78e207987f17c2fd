/** The built command copies what a browser fetches. */
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, runCommand } from '../../testing/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const INSTALLED = fileURLToPath(new URL('../../../../models', import.meta.url));

type Manifest = { readonly models: { readonly nano: { readonly graphs: Record<string, Record<string, { file: string; bytes: number }>> } } };

describe('fairweather assets copy', () => {
  it('lays out workers, runtime and models under the names the engine looks for', async () => {
    const { code, stderr, lines } = await runCommand(folder, ['assets', 'copy', 'public/fairweather', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const at = (name: string): string => join(folder, 'public/fairweather', name);
    for (const name of ['worker-webgpu.js', 'worker-wasm.js']) {
      const text = await readFile(at(name), 'utf8');
      expect(text.length).toBeGreaterThan(50_000); // the runtime's JavaScript is in it
      expect(text).not.toMatch(/(^|[;\n}])import\s*[{"'*]/); // so that it can be started without a bundler, and from another origin
    }
    expect((await stat(at('ort-wasm-simd-threaded.asyncify.wasm'))).size).toBeGreaterThan(10_000_000);
    expect((await stat(at('ort-wasm-simd-threaded.wasm'))).size).toBeGreaterThan(10_000_000);
    const manifest = JSON.parse(await readFile(at('models/manifest.json'), 'utf8')) as Manifest; // written by the recipe
    for (const precisions of Object.values(manifest.models.nano.graphs))
      for (const { file, bytes } of Object.values(precisions)) expect((await stat(at(`models/${file}`))).size).toBe(bytes);
    expect(lines[0]).toMatchObject({ folder: join(folder, 'public/fairweather') });
  });
  it('says by which address a page finds them, and which models it left out', async () => {
    const models = join(folder, 'models');
    await cp(INSTALLED, models, { recursive: true, filter: (path) => !/recipe|fixtures/.test(path) });
    const { models: known, ...rest } = JSON.parse(await readFile(join(models, 'manifest.json'), 'utf8')) as { models: { nano: object } }; // written by the recipe
    await mkdir(join(models, 'other'));
    await writeFile(join(models, 'other/manifest.json'), JSON.stringify({ ...rest, defaultModel: 'other', models: { other: known.nano } }));
    const { code, stdout, stderr } = await runCommand(folder, ['assets', 'copy', 'public/fw', '--models', 'models']);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`createClient({ assets: '/fw/' })`)]);
    expect(stderr).toContain(`other was not copied`);
    expect(stderr).toContain(`--models ${join('models', 'other')}`);
  });
  it('says where it cannot write', async () => {
    await writeFile(join(folder, 'taken'), '');
    const { code, stderr } = await runCommand(folder, ['assets', 'copy', 'taken']);
    expect(code).toBe(1);
    expect(stderr).toContain('(output-unwritable)');
  });
  it('copies no model file that is not what the manifest says', async () => {
    await runCommand(folder, ['assets', 'copy', 'out']);
    const file = join(folder, 'out/models/weights/nano/prompt-pool.bin');
    const bytes = await readFile(file);
    bytes[5] = (bytes[5] as number) ^ 1;
    await writeFile(file, bytes);
    const { code, stderr } = await runCommand(folder, ['assets', 'copy', 'again', '--models', 'out/models']);
    expect(code).toBe(1);
    expect(stderr).toContain('(model-corrupt)');
  });
});
