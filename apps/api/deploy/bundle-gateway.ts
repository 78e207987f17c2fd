/** The gateway as one script, as it goes to platforms without Node's modules: bundled by esbuild. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** @param entry of `src/runtime` */
export async function bundleGateway(entry: 'workers' | 'gateway-vercel'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/runtime/${entry}.ts`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: [entry === 'workers' ? 'workerd' : 'edge-light', 'worker', 'import'],
    target: 'es2022',
    minify: true,
  });
  return outputFiles[0]?.text ?? '';
}
