/** The gateway's other entry points, each in the runtime it is for: a Node process, Deno, and Vercel's edge runtime. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApiKey, formatKeyFile } from '@fairweather/core/api-key';
import { type Problem, PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleGateway } from '../../deploy/bundle-gateway.ts';
import { findFreePort } from '../../testing/free-port.ts';
import { createOriginServers, echo, full, pictureOf } from '../../testing/gateway-origins.ts';
import { prepareNpmTool } from '../../testing/npm-tool.ts';

type Runtime = { readonly name: string; start(environment: Readonly<Record<string, string>>): Promise<string>; stop(): Promise<unknown> };

const folder = fileURLToPath(new URL('.', import.meta.url));
const { key, record } = await createApiKey({ name: 'shop', scopes: ['restore'] });
const servers = createOriginServers();
const modules = (): string => prepareNpmTool('runtimes', new URL('../../testing/runtimes/package.json', import.meta.url));

/** The program itself, in the one package that npm has installed for this system: its wrapper wants an install script. */
function findDeno(): string {
  const scope = join(modules(), '@deno');
  return join(scope, readdirSync(scope)[0] ?? '', process.platform === 'win32' ? 'deno.exe' : 'deno');
}

function createProcess(name: string, words: () => readonly string[]): Runtime {
  let child: ChildProcess | undefined;
  return {
    name,
    async start(environment) {
      const [command = '', ...rest] = words();
      const { PATH = '', HOME = '' } = process.env;
      const started = spawn(command, rest, { cwd: folder, env: { PATH, HOME, PORT: '0', ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
      child = started;
      let text = '';
      for await (const chunk of started.stdout) {
        text += chunk;
        const [, url] = /"url":"([^"]+)"/.exec(text) ?? [];
        if (url !== undefined) return url;
      }
      throw new Error(`${name} did not start: ${text}`);
    },
    async stop() {
      if (child === undefined || child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/** Variables are there as `process.env`, and the handler is the bundle's default export: what Vercel does with it. */
function createEdgeRuntime(): Runtime {
  const runner = createProcess('Vercel’s edge runtime', () => [
    process.execPath,
    fileURLToPath(new URL('../../testing/runtimes/edge-server.ts', import.meta.url)),
  ]);
  return {
    ...runner,
    start: async (environment) => {
      const code = (await bundleGateway('gateway-vercel')).replace(/export\s*\{\s*(\w+) as default\s*\};?\s*$/, 'globalThis.handle=$1;');
      return runner.start({ MODULES: modules(), CODE: code, VARIABLES: JSON.stringify(environment), PORT: String(await findFreePort()) });
    },
  };
}

describe.each<Runtime>([
  createProcess('Node', () => [process.execPath, join(folder, 'gateway-node.ts')]),
  createProcess('Deno', () => [findDeno(), 'run', '--no-prompt', '--allow-net', '--allow-env', '--node-modules-dir=manual', join(folder, 'gateway-deno.ts')]),
  createEdgeRuntime(),
])('the gateway on $name', (runtime) => {
  let url = '';
  beforeAll(async () => {
    const origins = [await servers.start(full), await servers.start(echo('good'))];
    url = await runtime.start({ ORIGINS: origins.join(','), FAIRWEATHER_KEYS: formatKeyFile([record]), MAX_BODY_BYTES: '4000000' });
  });
  afterAll(async () => {
    await runtime.stop();
    servers.closeAll();
  });
  const post = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = { Authorization: `Bearer ${key}` }): Promise<Response> =>
    fetch(url + ROUTES.restore, { method: 'POST', body, headers });

  it('lives, and hands a picture to a server that is not full, and the answer back', async () => {
    expect(await (await fetch(url + ROUTES.live)).text()).toBe('ok');
    for (const picture of [pictureOf(1000), pictureOf(1000), pictureOf(3_000_000)]) {
      const response = await post(picture);
      expect([response.status, response.headers.get('Server')]).toEqual([200, 'good']);
      expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), picture)).toBe(0);
    }
  });
  it('refuses whom it does not know, and what is too large, as problems', async () => {
    const refused = async (response: Response): Promise<unknown> => [
      response.headers.get('Content-Type'),
      response.status,
      ((await response.json()) as Problem).code,
    ];
    expect(await refused(await post(pictureOf(9), {}))).toEqual([PROBLEM_TYPE, 401, 'unauthorized']);
    expect(await refused(await post(pictureOf(4_000_001)))).toEqual([PROBLEM_TYPE, 413, 'too-large']);
  });
});
