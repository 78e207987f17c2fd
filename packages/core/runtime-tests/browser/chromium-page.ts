/** A page in a real Chromium, served by Vite straight from the sources, with WebGPU on a software adapter. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { createServer } from 'vite';
import { launchChromium } from '../../../../scripts/launch-chromium.ts';
import type { PageAnswer, PageTask } from './page.ts';

export type ChromiumPage = {
  restore(task: Omit<PageTask, 'models'>): Promise<PageAnswer>;
  /** What the page complained about. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
};

/** @param modelsDir folder with `manifest.json` */
export async function openChromiumPage(modelsDir: string): Promise<ChromiumPage> {
  const { page, addressOf, complaints, close } = await openTestPage(fileURLToPath(new URL('./page.ts', import.meta.url)), 'fairweatherRestore');
  const models = addressOf(modelsDir);
  return { complaints, restore: (task) => page.evaluate((given) => globalThis.fairweatherRestore(given), { ...task, models }), close };
}

export type TestPage = {
  readonly page: Page;
  /** Where the page finds a folder of this machine; a URL with a slash at its end. */
  addressOf(folder: string): string;
  /** What the page complained about. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
};

/**
 * A page that runs one module.
 * @param script path of the module
 * @param global the property of `globalThis` by which the module says that it is ready
 */
export async function openTestPage(script: string, global: string): Promise<TestPage> {
  const server = await createServer({
    root: fileURLToPath(new URL('.', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    // Its .wasm lies beside its module, where it looks for it; the others are prepared before the page asks, for it cannot be told to load again.
    optimizeDeps: { include: ['image-size', 'valibot'], exclude: ['onnxruntime-web'] },
    server: {
      host: '127.0.0.1',
      port: 0,
      strictPort: false,
      hmr: false,
      watch: null,
      fs: { strict: false },
      headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }, // threads need both
    },
    plugins: [
      {
        name: 'test-page',
        configureServer: ({ middlewares }) =>
          void middlewares.use(
            '/test',
            (_, response) =>
              void response
                .setHeader('content-type', 'text/html')
                .end(`<!doctype html><link rel="icon" href="data:,"><script type="module" src="/@fs${script}"></script>`),
          ),
      },
    ],
  });
  await server.listen();
  const address = server.resolvedUrls?.local[0] as string; // it listens
  const browser = await launchChromium({ webgpu: true });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(`${address}test`);
  await page.waitForFunction((name) => name in globalThis, global);
  return {
    page,
    addressOf: (folder) => new URL(`@fs${folder.endsWith('/') ? folder : `${folder}/`}`, address).href,
    complaints,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
