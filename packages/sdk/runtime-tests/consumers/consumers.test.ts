/** The packed packages in fresh projects of every kind: each builds, and restores a picture in its runtime or in Chromium. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createNodeRestorer } from '@fairweather/core/node';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import { launchChromium } from '../../../../scripts/launch-chromium.ts';
import { psnr } from '../../testing/psnr.ts';
import { openSite, type Site } from '../browser/site.ts';
import { installScriptsOf, openWorkplace, type Workplace } from './workplace.ts';

let workplace: Workplace;
let browser: Browser;
let context: BrowserContext;
let picture: string;
let reference: Blob;

beforeAll(async () => {
  workplace = await openWorkplace();
  picture = join(workplace.folder, 'picture.png');
  await sharp(join(workplace.folder, 'rain.jpg')).extract({ left: 130, top: 40, width: 61, height: 43 }).png().toFile(picture);
  await using restorer = await createNodeRestorer({ backend: 'cpu' });
  reference = new Blob([(await restorer.restore(new Uint8Array(await readFile(picture)))).image]);
  // Without the flags for WebGPU there is no adapter: the page has to find its way to WebAssembly by itself.
  browser = await launchChromium({ flags: ['--disable-gpu'] });
});
afterAll(async () => {
  await browser?.close();
  await workplace?.remove();
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context.close());

/** Chooses the picture in the page, as a person would, and takes what it shows. */
async function restoreInPage(page: Page): Promise<Blob> {
  await page.setInputFiles('input[type=file]', picture);
  await page.waitForFunction(() => /^Restored|rror|expected|must|could not|failed/i.test(document.querySelector('#status')?.textContent ?? ''), undefined, {
    timeout: 60_000,
  });
  expect(await page.textContent('#status')).toMatch(/^Restored/);
  const bytes = await page.evaluate(async () =>
    Array.from(new Uint8Array(await (await fetch((document.querySelector('#restored') as HTMLImageElement).src)).arrayBuffer())),
  );
  return new Blob([Uint8Array.from(bytes)]);
}
async function restoreOnSite(folders: Readonly<Record<string, string>>, isolated = true): Promise<{ readonly image: Blob; readonly site: Site }> {
  const site = await openSite(folders);
  try {
    site.isolated = isolated;
    const page = await context.newPage();
    await page.goto(site.origin);
    return { image: await restoreInPage(page), site };
  } finally {
    await site.close();
  }
}
const installed = (name: string): string => join(workplace.folder, 'node_modules', name);
/** The program itself, in the one package of a scope that npm has installed for this system: its wrapper wants an install script. */
const platformPackage = (scope: string, program: string): string => join(installed(scope), readdirSync(installed(scope))[0] ?? '', program);
const fileOf = async (...path: readonly string[]): Promise<Blob> => new Blob([new Uint8Array(await readFile(join(workplace.folder, ...path)))]);
/** All runtimes agree to 50 dB with Node's CPU. */
const expectRestored = async (image: Blob): Promise<void> => expect(await psnr(image, reference)).toBeGreaterThanOrEqual(50);

describe('the packages', () => {
  it.each(['core', 'sdk', 'models'])('bring no install script: %s', async (name) =>
    expect(await installScriptsOf(workplace, `@fairweather/${name}`)).toEqual([]),
  );
  it('are imported while a page is rendered on a server, and do nothing', async () => {
    const code =
      "for (const door of ['', '/remote', '/local', '/node']) await import('@fairweather/sdk' + door); (await import('@fairweather/sdk')).createClient({ privacy: 'on-device' });";
    expect(await workplace.run('node', [process.execPath, '--input-type=module', '--eval', code])).toBe('');
  });
});

describe('a script', () => {
  it.each<[string, () => readonly [string, ...string[]]]>([
    ['Node, ESM', () => [process.execPath, 'restore.mjs']],
    ['Node, CommonJS', () => [process.execPath, 'restore.cjs']],
    ['Bun', () => [platformPackage('@oven', 'bin/bun'), 'restore.mjs']],
    ['Deno', () => [platformPackage('@deno', 'deno'), 'run', '--allow-all', '--node-modules-dir=manual', 'restore.mjs']],
  ])('restores a file: %s', async (name, words) => {
    await workplace.run('node', [...words(), picture, `${name}.png`]);
    await expectRestored(await fileOf('node', `${name}.png`));
  });
  it('restores a folder, in TypeScript', async () => {
    await mkdir(join(workplace.folder, 'node/photos'));
    await cp(join(workplace.folder, 'rain.jpg'), join(workplace.folder, 'node/photos/rain.jpg'));
    await workplace.run('node', [process.execPath, 'restore-folder.ts']);
    expect((await stat(join(workplace.folder, 'node/restored/rain.jpg'))).size).toBeGreaterThan(1000);
  });
  it('restores by the command', async () => {
    await workplace.run('node', [workplace.command('fairweather'), 'restore', picture, '-o', 'by-command.png']);
    await expectRestored(await fileOf('node/by-command.png'));
  });
  it('is checked by TypeScript, without skipping libraries', async () => {
    const words = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2023,dom,dom.iterable,dom.asynciterable,esnext.disposable',
      '--types',
      'node',
    ];
    await workplace.run('node', [workplace.command('tsc'), ...words, '--ignoreConfig', 'restore-folder.ts']);
  });
});

describe('a page', () => {
  it('without any build', async () => {
    await workplace.run('html', [workplace.command('fairweather'), 'assets', 'copy', 'fairweather']);
    const folders = {
      '': join(workplace.folder, 'html'),
      sdk: join(installed('@fairweather/sdk'), 'dist'),
      fairweather: join(workplace.folder, 'html/fairweather'),
    };
    await expectRestored((await restoreOnSite(folders, false)).image);
  });
  it('of Vite and React', async () => {
    await workplace.run('react', [workplace.command('tsc')]);
    await workplace.run('react', [workplace.command('vite'), 'build', '--logLevel', 'warn']);
    const { image, site } = await restoreOnSite({ '': join(workplace.folder, 'react/dist'), models: installed('@fairweather/models') });
    await expectRestored(image);
    expect(site.requests.map(({ path }) => path).filter((path) => /asyncify.*wasm/.test(path))).toEqual([]); // the large runtime is left where it lies
  });
  it('of webpack', async () => {
    await workplace.run('webpack', [workplace.command('webpack')]);
    await cp(join(workplace.folder, 'webpack/index.html'), join(workplace.folder, 'webpack/dist/index.html'));
    await expectRestored((await restoreOnSite({ '': join(workplace.folder, 'webpack/dist'), models: installed('@fairweather/models') })).image);
  });
  it('of esbuild', async () => {
    await workplace.run('esbuild', [
      workplace.command('esbuild'),
      'main.ts',
      '--bundle',
      '--minify',
      '--format=esm',
      '--splitting',
      '--outdir=dist',
      '--log-level=warning',
    ]);
    await workplace.run('esbuild', [workplace.command('fairweather'), 'assets', 'copy', 'dist/fairweather']);
    await cp(join(workplace.folder, 'esbuild/index.html'), join(workplace.folder, 'esbuild/dist/index.html'));
    const folders = { '': join(workplace.folder, 'esbuild/dist'), fairweather: join(workplace.folder, 'esbuild/dist/fairweather') };
    await expectRestored((await restoreOnSite(folders)).image);
  });
  it('that works without a network, once it is ready', async () => {
    await workplace.run('offline', [workplace.command('fairweather'), 'assets', 'copy', 'fairweather']);
    const folders = {
      '': join(workplace.folder, 'offline'),
      sdk: join(installed('@fairweather/sdk'), 'dist'),
      fairweather: join(workplace.folder, 'offline/fairweather'),
    };
    const site = await openSite(folders);
    const page = await context.newPage();
    await page.goto(site.origin);
    await page.waitForFunction(() => document.querySelector('#status')?.textContent === 'Choose a photograph.');
    await page.click('button');
    await page.waitForFunction(() => /^Ready|could|rror/.test(document.querySelector('#status')?.textContent ?? ''), undefined, { timeout: 60_000 });
    expect(await page.textContent('#status')).toBe('Ready without a network');
    await site.close();
    await context.setOffline(true);
    await page.reload();
    await page.waitForFunction(() => /^Ready/.test(document.querySelector('#status')?.textContent ?? ''));
    await expectRestored(await restoreInPage(page));
  });
});

describe('a site of Next.js', () => {
  let server: ChildProcess | undefined;
  let api: Awaited<ReturnType<typeof startTestServer>> | undefined;
  afterAll(async () => {
    server?.kill();
    await api?.close();
  });
  it('restores on the device and by its own server', async () => {
    const folder = join(workplace.folder, 'next');
    await mkdir(join(folder, 'public'));
    await symlink(installed('@fairweather/models'), join(folder, 'public/models'));
    await workplace.run('next', [workplace.command('next'), 'build'], { NEXT_TELEMETRY_DISABLED: '1' });
    api = await startTestServer();
    const port = await findFreePort();
    const environment = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', FAIRWEATHER_URL: api.url };
    server = spawn(process.execPath, [installed('next/dist/bin/next'), 'start', '--port', String(port)], { cwd: folder, env: environment, stdio: 'ignore' });
    const origin = `http://127.0.0.1:${port}`;
    await expect
      .poll(
        () =>
          fetch(origin).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 30_000 },
      )
      .toBe(200);
    const page = await context.newPage();
    await page.goto(origin);
    await expectRestored(await restoreInPage(page));
    await page.reload();
    await page.uncheck('input[type=checkbox]');
    await expectRestored(await restoreInPage(page));
    expect(await page.textContent('#status')).toBe('Restored on the server');
  });
});

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo; // it listens on one
      probe.close(() => resolve(port));
    });
  });
}
