/** The built page -> `.br` and `.gz` beside every file that gets smaller by them, for servers that send such files as they lie there. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { listFiles } from './list-files.ts';

/** Pictures are compressed, and so, but for a tenth, are weights: those are looked up by their bytes, in parts. */
const COMPRESSIBLE = /\.(html|js|css|json|svg|webmanifest|wasm)$/;
/**
 * From here on the best quality takes minutes: 27 MB of WebAssembly become 5.0 MB in 6 s, or 4.0 MB in 300 s. Nor is there a `.gz`: browsers that
 * know no Brotli, or are not told of it on an insecure page, run no engine.
 */
const LARGE_BYTES = 1_000_000;

export function precompress(): Plugin {
  let folder = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved({ root, build: { outDir } }) {
      folder = resolve(root, outDir);
    },
    writeBundle: {
      order: 'post',
      sequential: true,
      handler: async () => void (await Promise.all((await listFiles(folder)).map((path) => compress(join(folder, path))))),
    },
  };
}

async function compress(path: string): Promise<void> {
  if (!COMPRESSIBLE.test(path)) return;
  const { size } = await stat(path);
  const bytes = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: size > LARGE_BYTES ? 5 : constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: size,
  };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, { params }));
  if (size <= LARGE_BYTES) await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }));
}
