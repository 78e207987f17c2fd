/**
 * The gateway -> a folder in the form of Vercel's Build Output API (version 3): one edge function that answers every path.
 *
 *     node apps/api/deploy/vercel-output.ts apps/api/.vercel/output && npx vercel deploy --prebuilt --cwd apps/api
 *
 * Its variables (`ORIGINS`, `FAIRWEATHER_KEYS`, ...) are those of the project: `npx vercel env add ORIGINS`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleGateway } from './bundle-gateway.ts';

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('Name the folder to make: node apps/api/deploy/vercel-output.ts apps/api/.vercel/output');
const edgeFunction = join(resolve(folder), 'functions/gateway.func');
mkdirSync(edgeFunction, { recursive: true });
writeFileSync(join(edgeFunction, 'index.js'), await bundleGateway('gateway-vercel'));
write(join(edgeFunction, '.vc-config.json'), { runtime: 'edge', entrypoint: 'index.js' });
write(join(resolve(folder), 'config.json'), { version: 3, routes: [{ src: '/.*', dest: '/gateway' }] });

function write(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
}
