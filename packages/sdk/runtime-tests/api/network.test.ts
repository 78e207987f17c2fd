/** The client against servers that fail, over real sockets: cut connections, silence, refusals, patience. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '../../src/remote.ts';
import { fakeReport } from '../../testing/fake-engine.ts';

const picture = new Blob([new Uint8Array(100_000).fill(7)]);
const { run, ...report } = fakeReport('remote');
const message = JSON.stringify({ requestId: 'r', image: { mediaType: 'image/png', dataUrl: 'data:image/png;base64,AQID' }, report });
const restore: RequestListener = (request, response) => {
  request.resume().on('end', () => response.setHeader('Content-Type', 'application/json').end(message));
};
const fail =
  (status: number, retryAfter?: string): RequestListener =>
  (request, response) => {
    request.resume().on('end', () => response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter }).end());
  };

let server: Server;
let seen: string[] = [];
/** A server that answers one request after another as the script says; the last answer repeats. @returns its address */
async function script(...answers: readonly RequestListener[]): Promise<string> {
  seen = [];
  server = createServer((request, response) => {
    seen.push(String(request.headers['idempotency-key']));
    answers[Math.min(seen.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server has a port
}
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a connection', () => {
  it.each<[string, RequestListener]>([
    ['before the answer', (request) => request.socket.destroy()],
    ['during the upload', (request) => request.once('data', () => request.socket.destroy())],
    [
      'within the answer',
      (request, response) => {
        request.resume().on('end', () => {
          response.writeHead(200, { 'Content-Length': '5000' }).write(message.slice(0, 50));
          setTimeout(() => request.socket.destroy(), 20);
        });
      },
    ],
  ])('that is cut %s is tried again, with the same key', async (_, cut) => {
    const client = createClient({ baseUrl: await script(cut, restore) });
    const { image } = await client.restore(picture);
    expect([...new Uint8Array(await image.arrayBuffer())]).toEqual([1, 2, 3]);
    expect(seen).toHaveLength(2);
    expect(new Set(seen).size).toBe(1);
  });
  it('that is always cut ends in a typed error with its cause', async () => {
    const client = createClient({ baseUrl: await script((request) => request.socket.destroy()), maxRetries: 1 });
    await expect(client.restore(picture)).rejects.toMatchObject({
      code: 'connection-failed',
      retryable: true,
      requestId: expect.any(String),
      cause: expect.any(TypeError),
    });
    expect(seen).toHaveLength(2);
  });
  it('that nobody takes ends in a typed error', async () => {
    const baseUrl = await script(restore);
    await new Promise((resolve) => server.close(resolve));
    await expect(createClient({ baseUrl, maxRetries: 0 }).restore(picture)).rejects.toMatchObject({
      code: 'connection-failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await new Promise<void>((resolve) => server.listen(0, resolve)); // for the end of the test
  });
});

describe('a server', () => {
  it.each([429, 503, 502, 504, 408])('that answers %i is asked again', async (status) => {
    const client = createClient({ baseUrl: await script(fail(status, '0'), restore) });
    expect((await client.restore(picture)).report.model.name).toBe('small');
    expect(seen).toHaveLength(2);
  });
  it('that asks for a second gets it', async () => {
    const client = createClient({ baseUrl: await script(fail(503, '1'), restore) });
    const begin = performance.now();
    await client.restore(picture);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(995); // timers may fire up to a few milliseconds early
  });
  it('that says nothing is left at the timeout', async () => {
    const ended: string[] = [];
    const client = createClient({
      baseUrl: await script((request) => request.socket.once('close', () => ended.push('closed'))),
      timeoutMs: 100,
      maxRetries: 0,
    });
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'timeout', retryable: true });
    await expect.poll(() => ended).toEqual(['closed']);
  });
  it('that says nothing is left at an abort, and not asked again', async () => {
    const controller = new AbortController();
    const client = createClient({ baseUrl: await script(() => controller.abort()) });
    await expect(client.restore(picture, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toHaveLength(1);
  });
  it('that says nothing is left when the client is disposed of', async () => {
    const client = createClient({ baseUrl: await script(() => void client.dispose()) });
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'disposed' });
  });
});
