/** The page as static files: Vite's own, the models beside them, a content security policy for hosts that send none, a service worker, all of it compressed. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { keepPage } from './build/keep-page.ts';
import { describeModels } from './src/model-lines.ts';
import { precompress } from './build/precompress.ts';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const manifest = await readFile(join(MODELS, 'manifest.json'), 'utf8');

/** As the API's own for this page. Styles and scripts are files; `blob:` workers are those of the engine's threads. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'";
/** WebAssembly uses several threads on pages that are cross-origin isolated. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Relative paths, so that the page can lie in any folder; `es2023` for top-level await. */
export default defineConfig({
  base: './',
  define: { MODEL_LINES: JSON.stringify(describeModels(JSON.parse(manifest))) },
  appType: 'mpa', // what is not there is 404
  plugins: [models(), policy(), keepPage(), precompress()],
  build: { target: 'es2023', assetsInlineLimit: 0 },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['@fairweather/sdk'] }, // it would lose its worker files
  server: { headers: ISOLATION },
  preview: { headers: ISOLATION },
});

/** `models/manifest.json` and every file it names. */
function models(): Plugin {
  return {
    name: 'models',
    configureServer: ({ middlewares }) =>
      void middlewares.use('/models', (request, response) => void createReadStream(join(MODELS, new URL(request.url ?? '/', 'file:').pathname)).pipe(response)),
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'models/manifest.json', source: manifest });
      for (const file of new Set(listFiles(JSON.parse(manifest))))
        this.emitFile({ type: 'asset', fileName: `models/${file}`, source: await readFile(join(MODELS, file)) });
    },
  };
}

/** Every file a manifest names, wherever it stands. */
function listFiles(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file, sha256 } = value as { readonly file?: unknown; readonly sha256?: unknown }; // looked at here
  const own = typeof file === 'string' && typeof sha256 === 'string' ? [file] : [];
  return [...own, ...Object.values(value).flatMap(listFiles)];
}

function policy(): Plugin {
  const meta = { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' } as const;
  return { name: 'policy', apply: 'build', transformIndexHtml: () => [meta] };
}
