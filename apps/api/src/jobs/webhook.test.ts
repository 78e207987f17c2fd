import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { createCheckedRequest } from '../net/checked-request.ts';
import { createJobId, type Job } from './job.ts';
import { toJobMessage } from './jobs.ts';
import { createWebhookPost, createWebhookSender, type WebhookMessage, webhookDelayMs } from './webhook.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A receiver on this machine, met under a name of the internet; plain HTTP instead of TLS, everything else the real thing. */
async function setUp(status: () => number): Promise<{ readonly send: (job: Job) => Promise<void>; readonly received: Received[]; readonly job: Job }> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      received.push({ headers: req.headers, body });
      res.writeHead(status()).end('thanks');
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // a TCP socket has one
  const checked = createCheckedRequest([`app.example:${port}`], {
    resolve: async () => ['127.0.0.1'],
    isPublic: () => true,
    request: (url, options, answered) => request(Object.assign(new URL(url), { protocol: 'http:' }), options, answered),
  });
  const job: Job = {
    id: createJobId(),
    client: 'key:1',
    requestId: 'r-1',
    options: {},
    createdAt: 1000,
    webhook: `https://app.example:${port}/hook?shop=1`,
    state: 'failed',
    revision: 1,
    place: undefined,
    progress: undefined,
    startedAt: 2000,
    endedAt: 3000,
    expiresAt: 4000,
    outcome: { state: 'failed', code: 'truncated', detail: 'It ends too early.' },
  };
  return { send: createWebhookSender(SECRET, createWebhookPost(checked), toJobMessage, () => new Date()), received, job };
}

describe('a webhook', () => {
  it('carries the job as its client sees it, signed so that the receiver can tell', async () => {
    const { send, received, job } = await setUp(() => 204);
    await send(job);
    const [{ headers, body }] = received as [Received];
    const signed = {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    };
    const message = new Webhook(SECRET).verify(body, signed) as WebhookMessage; // as its sender wrote it
    expect([message.type, message.data, signed['webhook-id'], headers['content-type']]).toEqual(['job.failed', toJobMessage(job), job.id, 'application/json']);
    expect(() => new Webhook(SECRET).verify(body.replace('truncated', 'internal'), signed)).toThrow(/signature/i);
    expect(() => new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify(body, signed)).toThrow(/signature/i);
    expect(body).not.toContain('key:1'); // nothing of the inside
  });
  it('is not taken by a receiver that says anything but 2xx, and keeps its id when it is sent again', async () => {
    const answers = [500, 302, 200];
    const { send, received, job } = await setUp(() => answers.shift() ?? 200);
    await expect(send(job)).rejects.toThrow(/status 500/);
    await expect(send(job)).rejects.toThrow(/status 302/); // a redirect is not followed
    await send(job);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
  it('is tried again for about two hours, with growing pauses', () => {
    const delays = Array.from({ length: 9 }, (_, i) => webhookDelayMs(i + 1));
    expect(delays.slice(0, 8)).toEqual([0, 5, 15, 60, 300, 900, 1800, 3600].map((seconds) => seconds * 1000));
    expect(delays[8]).toBeUndefined();
  });
});
