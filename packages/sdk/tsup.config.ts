import { defineConfig, type Options } from 'tsup';

const doors = {
  index: 'src/index.ts',
  remote: 'src/remote.ts',
  local: 'src/local/index.ts',
  node: 'src/node/index.ts',
};
/** Loaded when they are needed. As entries they keep their names, where a hash in each would weigh on every door. */
const lazyParts = ['batch', 'device-router', 'jobs', 'read-source', 'remote-facts', 'restore-as-job', 'token', 'upload-progress'];
const common: Options = { target: 'es2022', sourcemap: true };

export default defineConfig([
  {
    ...common,
    // Flat in dist: the local engine finds its workers beside itself, also when code is shared in chunks.
    entry: { ...doors, ...Object.fromEntries(lazyParts.map((part) => [part, `src/${part}.ts`])) },
    format: ['esm', 'cjs'],
    platform: 'neutral',
    // `Symbol.asyncDispose` is in no `lib` of a stable target yet.
    dts: { entry: doors, banner: '/// <reference lib="esnext.disposable" />' },
    splitting: true,
    shims: true,
    // Paths and names of the contract are data of a few hundred bytes: with them inside, the door imports nothing.
    noExternal: ['@fairweather/core/contract'],
  },
  {
    ...common,
    // Workers for bundlers, which resolve what they import.
    entry: { 'worker-webgpu': 'src/local/worker-webgpu.ts', 'worker-wasm': 'src/local/worker-wasm.ts' },
    format: ['esm'],
    platform: 'browser',
    splitting: true,
  },
  {
    ...common,
    // The same for `fairweather assets copy`: whole, for they are started without any bundler.
    entry: { 'assets/worker-webgpu': 'src/local/worker-webgpu.ts', 'assets/worker-wasm': 'src/local/worker-wasm.ts' },
    format: ['esm'],
    platform: 'browser',
    splitting: false,
    minify: true,
    sourcemap: false,
    noExternal: [/.*/],
  },
  {
    ...common,
    // The command is one ESM file; the engine stays a dependency, for it finds its worker thread beside itself.
    entry: { cli: 'src/cli/main.ts' },
    format: ['esm'],
    splitting: false,
  },
]);
