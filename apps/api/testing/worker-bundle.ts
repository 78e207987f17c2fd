/** The gateway as one script, as it goes to Workers: bundled by esbuild, for a platform without Node's modules. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export async function bundleGateway(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/runtime/workers.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'import'],
    target: 'es2022',
    minify: true,
  });
  return outputFiles[0]?.text ?? '';
}
