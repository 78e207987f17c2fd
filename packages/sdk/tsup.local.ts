/** How the browser engine's workers are built: two files a backend, for bundlers and for one's own host. */
import type { Options } from 'tsup';

const workers: Options = {
  entry: { 'worker-webgpu': 'src/local/worker-webgpu.ts', 'worker-wasm': 'src/local/worker-wasm.ts' },
  format: ['esm'],
  platform: 'browser',
  target: 'es2022',
  splitting: false,
  minify: true,
};

/**
 * In `dist`: the runtime stays an import, so that a bundler finds its .wasm. In `dist/assets`: everything in one file, which needs no bundler; its
 * .wasm lies beside it (`fairweather assets copy`).
 */
export const workerBuilds: readonly Options[] = [
  { ...workers, noExternal: ['@fairweather/core', 'image-size', 'valibot'], external: ['onnxruntime-web'] },
  { ...workers, outDir: 'dist/assets', noExternal: [/./] },
];
