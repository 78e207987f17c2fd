import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type CheckedRequestDeps, isPublicAddress } from '../net/checked-request.ts';
import { createPictureFetcher, type FetchPicture } from './fetch-picture.ts';

const never = new AbortController().signal;
const picture = Buffer.from('a picture of 22 bytes!');
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** Its server on this machine, met under names of the internet; plain HTTP instead of TLS, everything else the real thing. */
async function setUp(
  answer: RequestListener,
  deps: CheckedRequestDeps = {},
  limits: { readonly maxBytes?: number; readonly timeoutMs?: number } = {},
): Promise<{ readonly fetchPicture: FetchPicture; readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.headers.host?.split(':')[0]}${req.url}`);
    answer(req, res);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const hosts = [`pictures.example:${port}`, `*.store.example:${port}`, `127.0.0.1:${port}`];
  const plain: CheckedRequestDeps['request'] = (url, options, answered) => request(Object.assign(new URL(url), { protocol: 'http:' }), options, answered);
  const here: CheckedRequestDeps = { resolve: async () => ['127.0.0.1'], isPublic: () => true, request: plain, ...deps };
  return { fetchPicture: createPictureFetcher({ hosts, maxBytes: 100, timeoutMs: 2000, ...limits }, here), port, asked };
}

describe('a picture named by its address', () => {
  it('is fetched from a host of the list, and from one below a wildcard', async () => {
    const { fetchPicture, port, asked } = await setUp((_, res) => res.end(picture));
    expect(await fetchPicture(`https://pictures.example:${port}/a.jpg?x=1`, never)).toEqual(picture);
    expect(await fetchPicture(`https://eu.store.example:${port}/b`, never)).toEqual(picture);
    expect(asked).toEqual(['pictures.example/a.jpg?x=1', 'eu.store.example/b']);
  });
  it.each([
    'http://pictures.example:PORT/',
    'file:///etc/passwd',
    'https://other.example:PORT/',
    'https://pictures.example/',
    'https://pictures.example.evil.example:PORT/',
    'https://store.example:PORT/',
    'https://notstore.example:PORT/',
    'https://user:word@pictures.example:PORT/',
    'https://[::1]:PORT/',
    'https://2130706433:PORT/x@pictures.example',
    'no address',
  ])('is refused without a connection at %s', async (url) => {
    const { fetchPicture, port, asked } = await setUp((_, res) => res.end(picture), { isPublic: isPublicAddress });
    await expect(fetchPicture(url.replace('PORT', String(port)), never)).rejects.toMatchObject({ code: 'url-refused' });
    expect(asked).toEqual([]);
  });
  it('is refused when one of the addresses of its host is not public, and when it is such an address itself', async () => {
    const { fetchPicture, port, asked } = await setUp((_, res) => res.end(picture), {
      isPublic: isPublicAddress,
      resolve: async () => ['93.184.216.34', '127.0.0.1'],
    });
    await expect(fetchPicture(`https://pictures.example:${port}/`, never)).rejects.toMatchObject({ code: 'url-refused' });
    await expect(fetchPicture(`https://127.0.0.1:${port}/`, never)).rejects.toMatchObject({ code: 'url-refused' });
    expect(asked).toEqual([]);
  });
  it('comes from the address that was checked, though the name means another one by now', async () => {
    const answers = [['127.0.0.1'], ['192.0.2.1']]; // a name server that changes its mind
    let questions = 0;
    const { fetchPicture, port } = await setUp((_, res) => res.end(picture), { resolve: async () => answers[questions++] ?? [] });
    expect(await fetchPicture(`https://pictures.example:${port}/`, never)).toEqual(picture);
    expect(questions).toBe(1);
  });
  it('may lead on to hosts of the list; anywhere else is refused, and so is a fourth time', async () => {
    const { fetchPicture, port, asked } = await setUp((req, res) => {
      const target = { '/one': '/two', '/two': `https://eu.store.example:${port}/end`, '/out': 'https://169.254.169.254/latest', '/round': '/round' }[
        req.url ?? ''
      ];
      if (target === undefined) res.end(picture);
      else res.writeHead(302, { Location: target }).end();
    });
    expect(await fetchPicture(`https://pictures.example:${port}/one`, never)).toEqual(picture);
    expect(asked).toEqual(['pictures.example/one', 'pictures.example/two', 'eu.store.example/end']);
    await expect(fetchPicture(`https://pictures.example:${port}/out`, never)).rejects.toMatchObject({ code: 'url-refused' });
    await expect(fetchPicture(`https://pictures.example:${port}/round`, never)).rejects.toMatchObject({ code: 'url-failed' });
    expect(asked.filter((path) => path.endsWith('/round'))).toHaveLength(4);
  });
  it('leads on to an address that is checked like the first', async () => {
    const { fetchPicture, port } = await setUp((_, res) => res.writeHead(301, { Location: `//eu.store.example:${port}` }).end(), {
      resolve: async (name) => [name.startsWith('eu.') ? '10.0.0.1' : '127.0.0.1'],
      isPublic: (address) => address !== '10.0.0.1',
    });
    await expect(fetchPicture(`https://pictures.example:${port}/`, never)).rejects.toMatchObject({ code: 'url-refused' });
  });
  it.each<[string, string, RequestListener]>([
    ['says that it is too large', 'too-large', (_, res) => res.writeHead(200, { 'Content-Length': 101 }).flushHeaders()],
    ['is too large and does not say so', 'too-large', (_, res) => void res.write(Buffer.alloc(60), () => res.write(Buffer.alloc(60)))],
    ['is nothing', 'url-failed', (_, res) => res.end()],
    ['is not there', 'url-failed', (_, res) => res.writeHead(404).end('no')],
    ['breaks off', 'url-failed', (_, res) => res.writeHead(200, { 'Content-Length': 50 }).write('half', () => res.destroy())],
  ])('is an error when it %s', async (_, code, answer) => {
    const { fetchPicture, port } = await setUp(answer);
    await expect(fetchPicture(`https://pictures.example:${port}/`, never)).rejects.toMatchObject({ code });
  });
  it('is given up after its time, and at once when the client goes', async () => {
    const { fetchPicture, port } = await setUp(() => {}, {}, { timeoutMs: 50 });
    await expect(fetchPicture(`https://pictures.example:${port}/`, never)).rejects.toMatchObject({
      code: 'url-failed',
      message: expect.stringContaining('50 ms'),
    });
    const { fetchPicture: patient, port: other } = await setUp(() => {}, {}, { timeoutMs: 60_000 });
    const client = new AbortController();
    const fetched = expect(patient(`https://pictures.example:${other}/`, client.signal)).rejects.toMatchObject({ name: 'AbortError' });
    client.abort();
    await fetched;
  });
});

describe('an address', () => {
  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));
  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'no address',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));
});
