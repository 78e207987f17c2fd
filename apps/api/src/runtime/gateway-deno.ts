/**
 * The edge gateway on Deno: its environment -> a listening server.
 *
 *     ORIGINS=https://gpu-1.example.com PORT=8080 deno run --allow-net --allow-env apps/api/src/runtime/gateway-deno.ts
 */
import { getConnInfo } from 'hono/deno';
import { createGateway } from '../gateway/gateway.ts';
import { readGatewaySettings } from '../gateway/read-settings.ts';
import { limitByMemory } from '../gateway/limit-by-memory.ts';

/** The part of Deno that is used; its types come with it, not with this package. */
declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(
    options: { readonly port: number; readonly hostname: string; onListen(address: { readonly hostname: string; readonly port: number }): void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): unknown;
};

const { PORT = '8080', HOST = '127.0.0.1', ...variables } = Deno.env.toObject();
const { gateway: settings, ratePerMinute } = readGatewaySettings(variables);
const gateway = createGateway(settings, { clientAddress: (c) => getConnInfo(c).remote.address, allow: limitByMemory(ratePerMinute) });
Deno.serve(
  {
    port: Number(PORT),
    hostname: HOST,
    onListen: ({ hostname, port }) => console.log(JSON.stringify({ msg: 'listening', url: `http://${hostname}:${port}` })),
  },
  (request, info) => gateway.fetch(request, info),
);
