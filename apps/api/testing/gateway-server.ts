/** A gateway on a free port of this machine, in front of servers, for tests. */
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { createGateway, type GatewaySettings } from '../src/gateway/gateway.ts';

export async function startGateway(settings: GatewaySettings): Promise<{ readonly url: string; close(): void }> {
  const { fetch } = createGateway(settings);
  return new Promise((resolve) => {
    const server: ServerType = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }: AddressInfo) =>
      resolve({ url: `http://127.0.0.1:${port}`, close: () => void server.close() }),
    );
  });
}
