/** One bundle of the gateway -> Vercel's edge runtime with it, on a port of this machine: a process of its own, so that nothing of Node is around it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

type EdgeRuntimeModule = {
  readonly EdgeRuntime: new (options: { readonly initialCode: string }) => object;
  runServer(options: { readonly port: number; readonly host: string; readonly runtime: object }): Promise<{ readonly url: string }>;
};

const { MODULES = '', CODE = '', VARIABLES = '{}', PORT = '' } = process.env;
const { EdgeRuntime, runServer } = createRequire(join(MODULES, 'index.js'))('edge-runtime') as EdgeRuntimeModule; // as it is documented
const runtime = new EdgeRuntime({
  initialCode: `globalThis.process = { env: ${VARIABLES} };\n${CODE}\naddEventListener('fetch', (event) => event.respondWith(handle(event.request)));`,
});
const { url } = await runServer({ port: Number(PORT), host: '127.0.0.1', runtime });
console.log(JSON.stringify({ msg: 'listening', url: url.replace(/\/$/, '') }));
