/** The edge gateway on Vercel's edge runtime, and others that look for a function of a request: their variables -> the gateway. */
import { createGateway } from '../gateway/gateway.ts';
import { readGatewaySettings } from '../gateway/read-settings.ts';

const gateway = createGateway(readGatewaySettings(process.env).gateway, { clientAddress: (c) => c.req.header('X-Real-IP') }); // Vercel sets it, whatever the client says

// biome-ignore lint/style/noDefaultExport: the platform looks for its handler there.
export default function handle(request: Request): Response | Promise<Response> {
  return gateway.fetch(request);
}
