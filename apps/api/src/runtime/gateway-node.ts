/**
 * The edge gateway as a Node process: its environment -> a listening server that drains on SIGTERM.
 *
 *     ORIGINS=https://gpu-1.example.com PORT=8080 node apps/api/src/runtime/gateway-node.ts
 */
import { readFileSync } from 'node:fs';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { createGateway } from '../gateway/gateway.ts';
import { readGatewaySettings } from '../gateway/read-settings.ts';
import { limitByMemory } from '../gateway/limit-by-memory.ts';

const { PORT = '8080', HOST = '127.0.0.1', FAIRWEATHER_KEYS_FILE: file } = process.env;
const { gateway: settings, ratePerMinute } = readGatewaySettings({
  ...process.env,
  ...(file === undefined ? {} : { FAIRWEATHER_KEYS: readFileSync(file, 'utf8') }),
});
const gateway = createGateway(settings, {
  clientAddress: (c) => getConnInfo(c).remote.address,
  allow: limitByMemory(ratePerMinute),
});
const server = serve({ fetch: gateway.fetch, port: Number(PORT), hostname: HOST }, ({ address, port }) => {
  console.log(JSON.stringify({ msg: 'listening', url: `http://${address.includes(':') ? `[${address}]` : address}:${port}` }));
});
process.once('SIGTERM', () => server.close());
