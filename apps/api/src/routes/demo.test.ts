/** The page's files over HTTP: compressed where they lie so, kept by browsers as long as they may, under the page's own policy. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { serveStatic } from '@hono/node-server/serve-static';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFakeApp } from '../../testing/fake-app.ts';
import type { App } from '../app-env.ts';
import { registerDemo } from './demo.ts';

const PAGE = '<!doctype html><title>Fairweather</title>';
const WASM = new Uint8Array(1000);
let folder: string;
let app: App;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairweather-page-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'index.html.br'), brotliCompressSync(PAGE));
  await writeFile(join(folder, 'service-worker.js'), 'self');
  await writeFile(join(folder, 'assets/engine-1a2b.wasm'), WASM);
  await writeFile(join(folder, 'assets/engine-1a2b.wasm.br'), brotliCompressSync(WASM));
  ({ app } = await createFakeApp());
  registerDemo(app, serveStatic({ root: folder, precompressed: true }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> => app.request(path, { headers });
const facts = ({ status, headers }: Response): readonly unknown[] => [
  status,
  headers.get('Content-Encoding'),
  headers.get('Cache-Control'),
  headers.get('Vary'),
];

it('sends a file compressed to who takes it, and as it is to who does not', async () => {
  const packed = await get('/', { 'Accept-Encoding': 'gzip, deflate, br' });
  expect(facts(packed)).toEqual([200, 'br', 'no-cache', 'Accept-Encoding']);
  expect(brotliDecompressSync(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(PAGE);
  const plain = await get('/');
  expect(facts(plain)).toEqual([200, null, 'no-cache', 'Accept-Encoding']);
  expect(await plain.text()).toBe(PAGE);
});

it('lets browsers keep for good what has a hash in its name, and ask again for the rest', async () => {
  const engine = await get('/assets/engine-1a2b.wasm', { 'Accept-Encoding': 'br' });
  expect(facts(engine)).toEqual([200, 'br', 'public, max-age=31536000, immutable', 'Accept-Encoding']);
  expect(engine.headers.get('Content-Type')).toBe('application/wasm');
  expect(facts(await get('/service-worker.js'))).toEqual([200, null, 'no-cache', 'Accept-Encoding']);
});

it('answers 304 to who has the file as it is now, by a tag of its content, without taking the page’s policy away', async () => {
  const first = await get('/');
  const tag = first.headers.get('ETag') as string;
  const again = await get('/', { 'If-None-Match': tag });
  expect(again.status).toBe(304);
  for (const name of ['ETag', 'Content-Security-Policy', 'Cross-Origin-Embedder-Policy', 'Cross-Origin-Opener-Policy', 'Cache-Control'])
    expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
  expect(first.headers.get('Content-Security-Policy')).toContain("script-src 'self' 'wasm-unsafe-eval'");
  const packed = await get('/', { 'Accept-Encoding': 'br', 'If-None-Match': tag });
  expect(packed.status).toBe(200); // other bytes, another tag
});

it('sends a part of a file as it was asked for', async () => {
  const part = await get('/assets/engine-1a2b.wasm', { Range: 'bytes=990-' });
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
});

it('leaves what is not in the folder to the API', async () => {
  expect((await get('/assets/nothing.js')).status).toBe(404);
  expect((await get('/livez')).headers.get('Content-Security-Policy')).toContain("default-src 'none'");
});
