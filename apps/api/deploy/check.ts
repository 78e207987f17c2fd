/**
 * Whether the image's content is right: assembles it into an empty folder, looks at what is in it, then starts the server there, without anything
 * of the repository, and has it restore a picture.
 *
 *     npm run check-image -w @fairweather/api      (after npm run build; asks the npm registry)
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In megabytes of 10^6 bytes; the CPU variant. The page's own engine, for the device, is 48 of them. */
const MAX_MB = 200;
const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  ['tests', /^(apps|packages)\/.*(\.test\.[jt]s$|\/testing\/|\/bench\/)/],
  ['tools of development', /^node_modules\/(vitest|typescript|esbuild|vite|tsup|turbo|@biomejs|playwright-core|ioredis-mock|onnxruntime-web)\//],
  ['runtimes of other systems', /onnxruntime-node\/bin\/napi-v6\/(darwin|win32)\//],
  ['the recipe', /^models\/recipe\//],
  ['keys or settings', /(^|\/)(\.env|keys\.json)$/],
];
const NEEDED: readonly string[] = [
  'apps/api/src/main.ts',
  'apps/api/src/engine/inference-worker.ts',
  'apps/demo/dist/index.html',
  'models/manifest.json',
  'models/fixtures/nano/golden.json',
  'packages/core/dist/index.js',
  'LICENSE',
];

const folder = mkdtempSync(join(tmpdir(), 'fairweather-image-'));
try {
  const assemble = fileURLToPath(new URL('./assemble.ts', import.meta.url));
  if (spawnSync(process.execPath, [assemble, folder], { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) throw new Error('It could not be assembled.');
  const faults = [...checkContent(folder), ...(await checkStart(folder))];
  for (const fault of faults) console.log(`fault: ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

function checkContent(root: string): readonly string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)));
  const bytes = new Map<string, number>();
  for (const file of files) {
    const room = file.startsWith('node_modules/')
      ? file
          .split('/')
          .slice(0, file.startsWith('node_modules/@') ? 3 : 2)
          .join('/')
      : file.split('/').slice(0, 2).join('/');
    bytes.set(room, (bytes.get(room) ?? 0) + statSync(join(root, file)).size);
  }
  const megabytes = [...bytes.values()].reduce((sum, size) => sum + size, 0) / 1e6;
  console.log(`${files.length} files, ${megabytes.toFixed(1)} MB; the largest rooms:`);
  for (const [room, size] of [...bytes].sort(([, a], [, b]) => b - a).slice(0, 12)) console.log(`  ${(size / 1e6).toFixed(1).padStart(6)} MB  ${room}`);
  return [
    ...FORBIDDEN.flatMap(([what, pattern]) =>
      files
        .filter((file) => pattern.test(file))
        .slice(0, 3)
        .map((file) => `${what}: ${file}`),
    ),
    ...NEEDED.filter((file) => !files.includes(file)).map((file) => `missing: ${file}`),
    ...(megabytes > MAX_MB ? [`${megabytes.toFixed(1)} MB, at most ${MAX_MB} wanted`] : []),
  ];
}

/** In its own folder, with nothing of this process's environment. */
async function checkStart(root: string): Promise<readonly string[]> {
  const env = { PORT: '0', HOME: root, FAIRWEATHER_DEMO_DIR: join(root, 'apps/demo/dist') };
  const begin = performance.now();
  const server = spawn(process.execPath, ['apps/api/src/main.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(server, 'exit');
  try {
    const url = await untilReady(server.stdout);
    console.log(`ready after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    const sample = readFileSync(fileURLToPath(new URL('../../../samples/rain.jpg', import.meta.url)));
    const restored = await fetch(`${url}/v1/restore`, { method: 'POST', body: sample });
    const page = await fetch(`${url}/`);
    console.log(
      `restore: ${restored.status} ${restored.headers.get('Content-Type')}, ${(await restored.arrayBuffer()).byteLength} bytes; page: ${page.status}`,
    );
    return [...(restored.status === 200 ? [] : ['it does not restore']), ...(page.status === 200 ? [] : ['it serves no page'])];
  } catch (error) {
    return [String(error)];
  } finally {
    server.kill('SIGTERM');
    console.log(`ended with ${(await exit)[0]}`);
  }
}

async function untilReady(log: AsyncIterable<Buffer>): Promise<string> {
  let [url, text] = ['', ''];
  for await (const chunk of log) {
    const lines = `${text}${chunk.toString()}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines.map((l) => JSON.parse(l) as { readonly msg: string; readonly url?: string })) {
      if (line.msg === 'listening') url = line.url ?? '';
      if (line.msg === 'ready') return url;
    }
  }
  throw new Error('It does not start.');
}
