import { defineConfig } from 'tsup';

/** Entries lie flat in dist: `ort-node` finds its worker beside itself, also when bundled code shares chunks. */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    node: 'src/adapter/node.ts',
    'ort-node': 'src/adapter/ort-node.ts',
    'ort-node-worker': 'src/adapter/ort-node-worker.ts',
    'ort-web': 'src/adapter/ort-web.ts',
    'codec-node': 'src/adapter/codec-node.ts',
    'codec-browser': 'src/adapter/codec-browser.ts',
    contract: 'src/contract/index.ts',
    'api-key': 'src/contract/api-key.ts',
  },
  format: ['esm', 'cjs'],
  target: 'es2022',
  // `Symbol.asyncDispose` is in no `lib` of a stable target yet.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  sourcemap: true,
  splitting: true,
  shims: true,
  clean: true,
});
