/** The built page on a host that knows nothing of it: plain files below a path, no header of ours, no compression; files may change, and it may go. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { DIST } from './demo-page.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

export type StaticHost = {
  /** With the path at its end. */
  readonly address: string;
  /** Publishes a file in another form. */
  change(path: string, change: (text: string) => string): Promise<void>;
  /** As if the network were cut: connections end, and no new one is made. */
  close(): Promise<void>;
};

/** @param path begins and ends with a slash */
export async function openPlainHost(path: string): Promise<StaticHost> {
  const changed = new Map<string, string>();
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://host');
    const file = pathname.startsWith(path) ? pathname.slice(path.length) || 'index.html' : undefined;
    const content = file === undefined ? undefined : (changed.get(file) ?? (await readFile(join(DIST, file)).catch(() => undefined)));
    if (file === undefined || content === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, // a TCP server has a port
    async change(file, change) {
      changed.set(file, change(await readFile(join(DIST, file), 'utf8')));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
