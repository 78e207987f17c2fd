/** The built doors, as a page would get them: how large they are, and that they bring nothing else. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Parts that are loaded when they are needed stay outside, as every bundler leaves them. */
const lazyPartsOutside: Plugin = {
  name: 'lazy-parts-outside',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

async function bundle(
  code: string,
  plugins: readonly Plugin[] = [lazyPartsOutside],
): Promise<{ readonly text: string; readonly gzipBytes: number; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: dist },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'error',
    plugins: [...plugins],
  });
  const text = outputFiles[0]?.text ?? ''; // one entry, one file
  return { text, gzipBytes: gzipSync(text, { level: 9 }).length, inputs: Object.keys(metafile.inputs) };
}

describe.each(['index', 'remote'])('the door %s', (door) => {
  it('has at most 5 kB with gzip, without the engine of the device', async () => {
    const { gzipBytes } = await bundle(`export { createClient, RestoreError, isRestoreError, isAbortError } from './${door}.js'`);
    console.log(`${door}: ${gzipBytes} bytes with gzip`);
    expect(gzipBytes).toBeLessThanOrEqual(5000);
  });
  it('brings no other package, no sampler and nothing of Node', async () => {
    const { inputs, text } = await bundle(`export * from './${door}.js'`);
    expect(inputs.filter((path) => path.includes('node_modules') || path.includes('packages/core'))).toEqual([]);
    expect(text).not.toMatch(/alphasCumprod|onnxruntime|from"|require\(/);
  });
  it('gives a part of itself without the rest', async () => {
    const { gzipBytes } = await bundle(`export { isRestoreError } from './${door}.js'`);
    expect(gzipBytes).toBeLessThan(200);
  });
});

it('the remote door knows nothing of the device, in no part of it', async () => {
  const { inputs } = await bundle(`export * from './remote.js'`, []);
  expect(inputs.some((path) => path.includes('remote.js'))).toBe(true);
  expect(inputs.filter((path) => /local|node|device|worker/.test(path.split('/').at(-1) ?? ''))).toEqual([]);
});
