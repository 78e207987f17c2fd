import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** On two cores too: many files wait for a process of their own, a timer or the network. */
const light = { maxWorkers: Math.max(2, availableParallelism() - 1) };
/**
 * After the others, two files at a time on any machine: WebGPU runs on a software adapter here, which takes every core to compute,
 * but one to compile, and that is most of its time.
 */
const browsers = { maxWorkers: 2, sequence: { groupOrder: 2 } };

/** `vitest run` at the root runs every TypeScript test; the command's tests start its built file, so build first (`npm test` does). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'core', root: 'packages/core', include: ['{src,testing,runtime-tests/node}/**/*.test.ts'], testTimeout: 60_000, ...light } },
      {
        test: {
          name: 'browser',
          root: 'packages/core',
          include: ['runtime-tests/browser/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          ...browsers,
        },
      },
      // The paper's own network, from the stand-in checkpoint; alone, for it takes gigabytes.
      { test: { name: 't3', root: 'packages/core', include: ['runtime-tests/t3/reference.test.ts'], testTimeout: 60_000, sequence: { groupOrder: 1 } } },
      {
        test: {
          name: 't3-browser',
          root: 'packages/core',
          include: ['runtime-tests/t3/browser.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          ...browsers,
        },
      },
      { test: { name: 'sdk', root: 'packages/sdk', include: ['{src,runtime-tests/{api,package}}/**/*.test.ts'], testTimeout: 120_000, ...light } },
      {
        test: {
          name: 'sdk-browser',
          root: 'packages/sdk',
          include: ['runtime-tests/browser/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          ...browsers,
        },
      },
      // The packed packages in fresh projects; it installs bundlers and runtimes from the npm registry.
      {
        test: {
          name: 'consumers',
          root: 'packages/sdk',
          include: ['runtime-tests/consumers/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          ...browsers,
        },
      },
      { test: { name: 'api', root: 'apps/api', include: ['{src,scale}/**/*.test.ts'], exclude: ['src/**/*.services.test.ts'], testTimeout: 60_000, ...light } },
      // The API with a real redis-server and a real S3 server.
      { test: { name: 'services', root: 'apps/api', include: ['src/**/*.services.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, ...light } },
      { test: { name: 'demo', root: 'apps/demo', include: ['src/**/*.test.ts'], ...light } },
      // The built page in a browser.
      {
        test: {
          name: 'demo-browser',
          root: 'apps/demo',
          include: ['runtime-tests/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...browsers,
        },
      },
      { test: { name: 'scripts', root: 'scripts', include: ['**/*.test.ts'], ...light } },
    ],
  },
});
