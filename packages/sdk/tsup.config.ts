import { defineConfig } from 'tsup';

/** The command is one ESM file; the engine stays a dependency, for it finds its worker thread beside itself. */
export default defineConfig({
  entry: { cli: 'src/cli/main.ts' },
  format: ['esm'],
  target: 'es2022',
  sourcemap: true,
  clean: true,
});
