/** The gateway in the real workerd, and on Node, in front of servers that are well, full, slow, or break off. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApiKey, formatKeyFile } from '@fairweather/core/api-key';
import { HEADERS, type Problem, PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import { Miniflare } from 'miniflare';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleGateway } from '../../testing/worker-bundle.ts';
import { createGateway } from '../gateway/gateway.ts';

type Ask = (path: string, init?: RequestInit) => Promise<Response>;
type Platform = { readonly name: string; open(origins: readonly string[], changes?: Record<string, string>): Promise<Ask>; close(): Promise<void> };

const { key, record } = await createApiKey({ name: 'shop', scopes: ['restore'] });
const bearer = { Authorization: `Bearer ${key}` };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** @returns its address */
async function startOrigin(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP socket has one
}

const read = async (request: Parameters<RequestListener>[0]): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
/** Gives the picture back, with the name of the server. */
const echo =
  (name: string): RequestListener =>
  async (request, response) => {
    const picture = await read(request);
    response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': picture.length, Server: name, 'X-Path': request.url ?? '' }).end(picture);
  };
const full: RequestListener = async (request, response) => {
  await read(request);
  response.writeHead(503, { 'Retry-After': '7', 'Content-Type': PROBLEM_TYPE }).end('{}');
};
/** Takes the picture and goes. */
const breaking: RequestListener = async (request, response) => {
  await read(request);
  response.destroy();
};
const breakingMidStream: RequestListener = async (request, response) => {
  const picture = await read(request);
  response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': picture.length });
  response.write(picture.subarray(0, picture.length / 2), () => setTimeout(() => response.destroy(), 50));
};
const refusing = 'http://127.0.0.1:9'; // nobody listens there

const picture = (bytes: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: bytes }, (_, i) => (i * 31) & 255);
const post = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { ...bearer, ...headers },
});
const problemOf = async (response: Response): Promise<Problem> => {
  expect(response.headers.get('Content-Type')).toBe(PROBLEM_TYPE);
  return (await response.json()) as Problem;
};

describe.each<Platform>([createWorkerd(), createNode()])('the gateway on $name', (platform) => {
  afterAll(() => platform.close());

  it('hands a picture through to a server and its answer back, with the client’s key and options', async () => {
    let seen: unknown;
    const origin = await startOrigin(async (request, response) => {
      seen = [request.headers.authorization, request.url, request.headers['x-request-id']];
      await echo('a')(request, response);
    });
    const ask = await platform.open([origin]);
    const response = await ask(`${ROUTES.restore}?seed=7`, post(picture(1000), { [HEADERS.requestId]: 'mine' }));
    expect([response.status, response.headers.get('Content-Type'), response.headers.get(HEADERS.requestId)]).toEqual([200, 'image/png', 'mine']);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(picture(1000));
    expect(seen).toEqual([`Bearer ${key}`, `${ROUTES.restore}?seed=7`, 'mine']);
  });
  it('lets nobody through without a key that is known', async () => {
    const ask = await platform.open([await startOrigin(echo('a'))]);
    expect(await problemOf(await ask(ROUTES.restore, { method: 'POST', body: picture(9) }))).toMatchObject({ status: 401, code: 'unauthorized' });
    expect((await ask(ROUTES.live)).status).toBe(200);
  });
  it('asks another server when one is full, breaks off, or is not there', async () => {
    for (const bad of [await startOrigin(full), await startOrigin(breaking), refusing]) {
      const ask = await platform.open([bad, await startOrigin(echo('good'))]);
      for (let i = 0; i < 3; i++) {
        const response = await ask(ROUTES.restore, post(picture(1000)));
        expect([response.status, response.headers.get('Server')]).toEqual([200, 'good']);
        expect(new Uint8Array(await response.arrayBuffer())).toEqual(picture(1000));
      }
    }
  });
  it('says when to come again when all servers are full', async () => {
    const ask = await platform.open([await startOrigin(full), await startOrigin(full)]);
    const response = await ask(ROUTES.restore, post(picture(1000)));
    expect([response.headers.get('Retry-After'), await problemOf(response)]).toEqual([
      '7',
      expect.objectContaining({ status: 503, code: 'overloaded', retryable: true }),
    ]);
  });
  it('answers with one clear problem when the only server breaks off or is too slow', async () => {
    const broken = await platform.open([await startOrigin(breaking)]);
    expect(await problemOf(await broken(ROUTES.restore, post(picture(1000))))).toMatchObject({ status: 502, code: 'origin-failed', retryable: true });
    const slow = await platform.open([await startOrigin(() => {})], { ORIGIN_TIMEOUT_MS: '300' });
    expect(await problemOf(await slow(ROUTES.restore, post(picture(1000))))).toMatchObject({ status: 504, code: 'deadline-exceeded', retryable: true });
  });
  it('never makes half a picture look whole', async () => {
    const ask = await platform.open([await startOrigin(breakingMidStream)]);
    const outcome = await ask(ROUTES.restore, post(picture(400_000))).then(
      async (response) => ({
        status: response.status,
        body: await response.arrayBuffer().then(
          () => 'whole',
          () => 'broken',
        ),
      }),
      () => ({ status: 0, body: 'broken' }),
    );
    expect(outcome.body).toBe('broken');
  });
  it('hands 30 MB through byte by byte, and refuses more than the limit', async () => {
    const ask = await platform.open([await startOrigin(echo('a'))]);
    const large = picture(30_000_000);
    const response = await ask(ROUTES.restore, post(large));
    expect(response.status).toBe(200);
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), large)).toBe(0);
    expect(await problemOf(await ask(ROUTES.restore, post(picture(33_600_000))))).toMatchObject({ status: 413, code: 'too-large' });
  });
});

describe('results by content, in workerd', () => {
  const workerd = createWorkerd();
  afterAll(() => workerd.close());
  it('are given again for the same digest and options of the same client, and only when that is set up', async () => {
    let asked = 0;
    const origin = await startOrigin(async (request, response) => {
      asked++;
      await echo('a')(request, response);
    });
    const digested = post(picture(1000), { 'Content-Digest': `sha-256=:${'A'.repeat(43)}=:` });
    const [keeping, plain] = [await workerd.open([origin], { CACHE_SECONDS: '60' }), await workerd.open([origin])];
    const send = async (ask: Ask, query: string, init: RequestInit): Promise<Uint8Array> =>
      new Uint8Array(await (await ask(ROUTES.restore + query, init)).arrayBuffer());
    expect(await send(keeping, '', digested)).toEqual(picture(1000));
    await expect.poll(async () => [await send(keeping, '', digested), asked], { timeout: 5000 }).toEqual([picture(1000), asked]);
    const before = asked;
    await send(keeping, '', digested);
    expect(asked).toBe(before);
    await send(keeping, '?seed=1', digested);
    await send(keeping, '', post(picture(1000)));
    await send(plain, '', digested);
    await send(plain, '', digested);
    expect(asked).toBe(before + 4);
  });
});

function createWorkerd(): Platform {
  let script = '';
  const open: Miniflare[] = [];
  beforeAll(async () => {
    script = await bundleGateway();
  });
  return {
    name: 'workerd',
    async open(origins, changes = {}) {
      const workerd = new Miniflare({
        modules: true,
        script,
        compatibilityDate: '2026-07-01',
        bindings: { ORIGINS: origins.join(','), FAIRWEATHER_KEYS: formatKeyFile([record]), ...changes },
      });
      open.push(workerd);
      const url = await workerd.ready;
      return (path, init) => fetch(new URL(path, url), init);
    },
    close: async () => void (await Promise.all(open.map((workerd) => workerd.dispose()))),
  };
}

function createNode(): Platform {
  return {
    name: 'Node',
    async open(origins, { ORIGIN_TIMEOUT_MS = '60000' } = {}) {
      const gateway = createGateway({ origins, keys: [record], maxBodyBytes: 33_554_432, keepBytes: 1_048_576, originTimeoutMs: Number(ORIGIN_TIMEOUT_MS) });
      return async (path, init) => gateway.request(path, init);
    },
    close: async () => {},
  };
}
