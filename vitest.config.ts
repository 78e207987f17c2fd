import { defineConfig } from 'vitest/config';

/** `vitest run` at the root runs every TypeScript test; the command's tests start its built file, so build first (`npm test` does). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'core', root: 'packages/core', include: ['{src,testing,runtime-tests/node}/**/*.test.ts'], testTimeout: 60_000 } },
      // After the others: it takes every core, for WebGPU runs on a software adapter.
      {
        test: {
          name: 'browser',
          root: 'packages/core',
          include: ['runtime-tests/browser/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'sdk', root: 'packages/sdk', include: ['src/**/*.test.ts'], testTimeout: 120_000 } },
      { test: { name: 'api', root: 'apps/api', include: ['src/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'demo', root: 'apps/demo', include: ['src/**/*.test.ts'] } },
      { test: { name: 'scripts', root: 'scripts', include: ['**/*.test.ts'] } },
    ],
  },
});
