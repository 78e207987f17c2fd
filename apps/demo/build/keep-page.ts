/** The built page -> `service-worker.js` beside it, which knows the list of files it keeps. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { listFiles } from './list-files.ts';

const SOURCE = fileURLToPath(new URL('../src/service-worker.ts', import.meta.url));
/** Models and WebAssembly are kept by the engine, verified; they would lie here twice. */
const KEPT_BY_ENGINE = /^models\/|\.wasm$/;

export function keepPage(): Plugin {
  let folder = '';
  return {
    name: 'keep-page',
    apply: 'build',
    configResolved({ root, build: { outDir } }) {
      folder = resolve(root, outDir);
    },
    async writeBundle() {
      const files = (await listFiles(folder)).filter((path) => !KEPT_BY_ENGINE.test(path));
      const kept = await Promise.all(files.map(async (path) => ({ url: addressOf(path), revision: await revisionOf(path, folder) })));
      await build({
        configFile: false,
        publicDir: false,
        logLevel: 'warn',
        define: { KEPT_FILES: JSON.stringify(kept) },
        build: {
          target: 'es2022',
          outDir: folder,
          emptyOutDir: false,
          rolldownOptions: { input: SOURCE, output: { format: 'iife', entryFileNames: 'service-worker.js' } }, // not every browser runs modules there
        },
      });
    },
  };
}

/** The page by its folder, as it is visited. */
function addressOf(path: string): string {
  return path === 'index.html' ? './' : path;
}

/** Files in `assets` have a hash in their name: another content is another file. */
async function revisionOf(path: string, folder: string): Promise<string | null> {
  if (path.startsWith('assets/')) return null;
  return createHash('sha256')
    .update(await readFile(join(folder, path)))
    .digest('hex')
    .slice(0, 16);
}
