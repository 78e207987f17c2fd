/** Servers behind a gateway, for tests: well, full, slow, or breaking off; on free ports of this machine. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROBLEM_TYPE, PROGRESS_TYPE } from '@fairweather/core/contract';

/** Something listens on no machine there. */
export const NOBODY = 'http://127.0.0.1:9';

export type Origins = {
  /** @returns its address */
  start(answer: RequestListener): Promise<string>;
  closeAll(): void;
};

export function createOriginServers(): Origins {
  const servers: Server[] = [];
  return {
    async start(answer) {
      const server = createServer(answer).listen(0, '127.0.0.1');
      servers.push(server);
      await new Promise((resolve) => server.once('listening', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP socket has one
    },
    closeAll() {
      for (const server of servers.splice(0)) server.close().closeAllConnections();
    },
  };
}

/** Gives the picture back, with the name of the server. */
export function echo(name: string, afterMs = 0): RequestListener {
  return async (request, response) => {
    const picture = await read(request);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': picture.length, Server: name }).end(picture);
  };
}

/** Gives the picture back as it comes. */
export const stream: RequestListener = (request, response) => {
  const { 'content-length': length } = request.headers;
  response.writeHead(200, { 'Content-Type': 'image/png', ...(length === undefined ? {} : { 'Content-Length': length }) });
  request.pipe(response);
};

export const full: RequestListener = async (request, response) => {
  await read(request);
  response.writeHead(503, { 'Retry-After': '7', 'Content-Type': PROBLEM_TYPE }).end('{}');
};

/** Takes the picture and goes. */
export const breaking: RequestListener = async (request, response) => {
  await read(request);
  response.destroy();
};

/** Tells progress, line by line as the test says, then ends. */
export function telling(news: AsyncIterable<string>): (...given: Parameters<RequestListener>) => Promise<void> {
  return async (request, response) => {
    await read(request);
    response.writeHead(200, { 'Content-Type': PROGRESS_TYPE });
    for await (const line of news) response.write(line);
    response.end();
  };
}

/** Gives half of the picture back and goes. */
export const breakingMidStream: RequestListener = async (request, response) => {
  const picture = await read(request);
  response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': picture.length });
  response.write(picture.subarray(0, picture.length / 2), () => setTimeout(() => response.destroy(), 50));
};

export async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Bytes that do not repeat within a chunk. */
export function pictureOf(bytes: number): Uint8Array<ArrayBuffer> {
  const pattern = Uint8Array.from({ length: 65_521 }, (_, i) => (i * 31 + (i >> 7)) & 255); // a prime's length
  return new Uint8Array(Buffer.alloc(bytes, pattern));
}
