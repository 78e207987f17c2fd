/** A receiver of webhooks on this machine that can be away: nobody listens there then. Met under a name of the internet; plain HTTP instead of TLS. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { JobHandlers } from '../src/jobs/job.ts';
import { toJobMessage } from '../src/jobs/jobs.ts';
import { createWebhookPost, createWebhookSender, type WebhookMessage } from '../src/jobs/webhook.ts';
import { createCheckedRequest } from '../src/net/checked-request.ts';

export type WebhookReceiver = {
  readonly url: string;
  /** What a server sends with; everything but TLS and the check of addresses is the real thing. */
  readonly notify: JobHandlers['notify'];
  /** Messages that came, with a signature that is right. */
  readonly received: readonly WebhookMessage[];
  /** Deliveries that found nobody. */
  readonly missed: () => number;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
};

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export async function openWebhookReceiver(): Promise<WebhookReceiver> {
  const received: WebhookMessage[] = [];
  let [missed, port]: [number, number] = [0, 0];
  let server: Server | undefined;
  const receiver = { goAway, comeBack };
  await comeBack();
  const url = `https://app.example:${port}/hook`;
  const checked = createCheckedRequest([`app.example:${port}`], {
    resolve: async () => ['127.0.0.1'],
    isPublic: () => true,
    request: (to, options, answered) => request(Object.assign(new URL(to), { protocol: 'http:' }), options, answered),
  });
  const send = createWebhookSender(SECRET, createWebhookPost(checked), toJobMessage, () => new Date());
  const notify: JobHandlers['notify'] = (job) =>
    send(job).catch((error: unknown) => {
      missed++;
      throw error;
    });
  return { ...receiver, url, notify, received, missed: () => missed };

  async function comeBack(): Promise<void> {
    const opened = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk) => {
        body += chunk;
      });
      req.on('end', () => {
        const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
        received.push(new Webhook(SECRET).verify(body, headers) as WebhookMessage); // as its sender wrote it
        res.writeHead(204).end();
      });
    }).listen(port, '127.0.0.1');
    await new Promise((resolve) => opened.once('listening', resolve));
    port = (opened.address() as AddressInfo).port; // a TCP socket has one
    server = opened;
  }

  async function goAway(): Promise<void> {
    await new Promise((resolve) => {
      server?.close(resolve);
      server?.closeAllConnections();
    });
  }
}
