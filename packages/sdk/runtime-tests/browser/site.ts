/** A small site of one's own, as a host would serve it: the page, the built engine, the copied assets; it counts what goes over the wire, and can fail. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { brotliCompress, constants } from 'node:zlib';
import { promisify } from 'node:util';

const compress = promisify(brotliCompress);
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.ts': 'text/javascript', // the types are taken out
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.png': 'image/png',
};
/** Text and WebAssembly shrink; weights and pictures do not, and can then be resumed. */
const COMPRESSED: readonly string[] = ['.html', '.js', '.wasm', '.json'];

/** What a test may do to an answer: change its body, cut it after some bytes once the test says so, keep it back, or answer a status. */
export type Fault = {
  readonly path: RegExp;
  readonly change?: (body: Buffer) => Buffer;
  /** Bytes on their way at a cut are lost, so the test says when enough of them have arrived. */
  readonly cut?: { readonly afterBytes: number; readonly when: () => Promise<unknown> };
  readonly delayMs?: number;
  readonly status?: number;
  /** How often it strikes. @default always */
  times?: number;
};

export type Site = {
  readonly origin: string;
  /** Paths asked for since `forget`, with the bytes of the bodies sent. */
  readonly requests: { readonly path: string; readonly range: string | undefined; bytes: number }[];
  /** Strike in this order; the first that fits. */
  faults: Fault[];
  /** Whether pages are cross-origin isolated, which threads need. */
  isolated: boolean;
  close(): Promise<void>;
};

/** @param folders by the first part of the path; `''` is the root */
export async function openSite(folders: Readonly<Record<string, string>>): Promise<Site> {
  const compressed = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname);
    const entry = { path, range: request.headers.range, bytes: 0 };
    site.requests.push(entry);
    const isolation = site.isolated
      ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'cross-origin' }
      : {};
    const common = { ...isolation, 'access-control-allow-origin': '*', 'cache-control': 'no-cache' };
    const fault = site.faults.find(({ path: pattern, times = 1 }) => pattern.test(path) && times > 0);
    if (fault?.times !== undefined) fault.times--;
    if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault?.status !== undefined) return void response.writeHead(fault.status, common).end();
    const file = locate(path);
    const read = file === undefined ? undefined : await readFile(file).catch(() => undefined);
    const body = read !== undefined && file?.endsWith('.ts') ? Buffer.from(stripTypeScriptTypes(read.toString())) : read;
    if (body === undefined || file === undefined) return void response.writeHead(404, common).end();
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    const whole = fault?.change === undefined ? body : fault.change(Buffer.from(body));
    const from = Number(/^bytes=(\d+)-$/.exec(entry.range ?? '')?.[1] ?? 0);
    const asBrotli = COMPRESSED.includes(extname(file)) && entry.range === undefined && /\bbr\b/.test(String(request.headers['accept-encoding']));
    const sent = !asBrotli ? whole.subarray(from) : fault?.change === undefined ? await compressOnce(file, whole) : await compress(whole);
    const headers = {
      ...common,
      'content-type': type,
      'content-length': sent.length,
      ...(asBrotli ? { 'content-encoding': 'br' } : {}),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {}),
    };
    response.writeHead(from > 0 ? 206 : 200, headers);
    if (fault?.cut !== undefined) {
      entry.bytes += fault.cut.afterBytes;
      response.write(sent.subarray(0, fault.cut.afterBytes));
      await fault.cut.when();
      return void response.destroy();
    }
    entry.bytes += sent.length;
    response.end(sent);
  };
  const locate = (path: string): string | undefined => {
    const [, first = '', ...rest] = path.split('/');
    if (path === '/') return join(folders[''] ?? '', 'index.html');
    const [folder, below] = folders[first] === undefined ? [folders[''], [first, ...rest]] : [folders[first], rest];
    const file = normalize(below.join('/'));
    return folder === undefined || file.startsWith('..') ? undefined : join(folder, file);
  };
  /** As a server compresses in advance; 5 is what those that compress on the fly take. */
  const compressOnce = async (file: string, body: Buffer): Promise<Buffer> => {
    const known = compressed.get(file);
    if (known !== undefined) return known;
    const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
    const result = await compress(body, { params });
    compressed.set(file, result);
    return result;
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const site: Site = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    requests: [],
    faults: [],
    isolated: true,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return site;
}
