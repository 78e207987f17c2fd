/** The real server: a real socket, real inference processes, the real model; and what goes wrong around them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { InspectMessage, Problem, RestoreMessage } from '@fairweather/core/contract';
import { PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paintPicture, startTestServer } from '../../testing/test-server.ts';
import { SELF_TEST_MIN_DB } from '../engine/self-test.ts';
import { type InferenceWorker, startInferenceWorker } from '../engine/start-worker.ts';
import type { RunningServer } from './node.ts';

const workers: InferenceWorker[] = [];
let server: RunningServer;
let pingWhileLoading: number;
const small = await paintPicture(96, 64);
/** Four tiles of 256: long enough to be interrupted. */
const large = await paintPicture(400, 400);

beforeAll(async () => {
  server = await startTestServer({ FAIRWEATHER_MAX_PIXELS: '1000000', FAIRWEATHER_BODY_TIMEOUT_MS: '1500' }, async () => {
    const worker = await startInferenceWorker({ backends: ['cpu'], threads: 1, modelsDir: undefined });
    workers.push(worker);
    return worker;
  });
  pingWhileLoading = (await fetch(server.url + ROUTES.ping)).status;
  await server.ready;
}, 60_000);
afterAll(() => server.close());

const restore = (picture: Uint8Array<ArrayBuffer>, query = '', init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}${ROUTES.restore}${query}`, { method: 'POST', body: picture, ...init });
/** A busy machine takes its time; nothing here is measured. */
const PATIENT = { timeout: 30_000, interval: 5 };
const untilRunning = (): Promise<void> => expect.poll(() => server.engine.status().running, PATIENT).toBe(1);
const untilFree = (): Promise<void> => expect.poll(() => server.engine.status(), PATIENT).toMatchObject({ taken: 0, running: 0, waiting: 0 });

describe('the server', () => {
  it('answers pings while it loads, and is ready once a worker has computed what PyTorch computes', async () => {
    expect(pingWhileLoading).toBe(204);
    expect(await (await fetch(server.url + ROUTES.ready)).json()).toEqual({ status: 'ready', backend: 'cpu', workers: 1 });
    expect(workers[0]?.psnrDb).toBeGreaterThanOrEqual(SELF_TEST_MIN_DB);
  });
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('restores %s to a picture of its size', async (format) => {
    const response = await restore(await paintPicture(50, 30, format), '?format=png');
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'image/png']);
    expect(await sharp(new Uint8Array(await response.arrayBuffer())).metadata()).toMatchObject({ width: 50, height: 30, format: 'png' });
  });
  it('gives the same bytes for the same seed, alone or beside others, as body or as form', async () => {
    const form = new FormData();
    form.append('image', new Blob([small]), 'a.jpg'); // by content, not by name
    form.append('seed', '5');
    const answers = await Promise.all([restore(small, '?seed=5'), restore(small, '?seed=6'), restore(small, '', { body: form })]);
    const [first, , third] = await Promise.all(answers.map(async (a) => new Uint8Array(await a.arrayBuffer())));
    expect(third).toEqual(first);
    const json = (await (await restore(small, '?seed=5', { headers: { Accept: 'application/json' } })).json()) as RestoreMessage;
    expect(json.image.dataUrl).toBe(`data:image/png;base64,${Buffer.from(first ?? []).toString('base64')}`);
    expect(json.report).toMatchObject({ seed: 5, input: { width: 96, height: 64 }, backend: 'cpu' });
  });
  it('gives the input back at strength 0, which no other step of the way may change', async () => {
    const restored = await sharp(new Uint8Array(await (await restore(small, '?strength=0')).arrayBuffer()))
      .raw()
      .toBuffer();
    expect(restored.equals(await sharp(small).raw().toBuffer())).toBe(true);
  });
  it('says which weather it sees', async () => {
    const response = await fetch(server.url + ROUTES.inspect, { method: 'POST', body: small });
    const { report } = (await response.json()) as InspectMessage;
    expect(report.weather.map(({ weather }) => weather)).toEqual(server.engine.manifest.models[server.engine.manifest.defaultModel]?.weathers);
    for (const { presence } of report.weather) expect(presence >= 0 && presence <= 1).toBe(true);
  });
  it('refuses what the core refuses, by its codes', async () => {
    const codeOf = async (response: Promise<Response>): Promise<string> => ((await (await response).json()) as Problem).code;
    expect(await codeOf(restore(new TextEncoder().encode('no picture, but long enough for a header')))).toBe('unsupported-format');
    expect(await codeOf(restore(small.slice(0, small.length / 2)))).toBe('truncated');
    expect(await codeOf(restore(small, '?remove=sunshine'))).toBe('invalid-option');
    expect(await codeOf(restore(small, '?model=huge'))).toBe('model-not-found');
    expect(await codeOf(restore(small, '?tile=255'))).toBe('invalid-option');
  });
  it('refuses a picture of too many pixels by its header', async () => {
    const bomb = new Uint8Array(
      await sharp({ create: { width: 8000, height: 8000, channels: 3, background: 'black' } })
        .png({ compressionLevel: 9 })
        .toBuffer(),
    );
    const response = await restore(bomb);
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([413, 'too-large']);
  });
});

describe('what is no HTTP', () => {
  const raw = async (text: string): Promise<string> => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => {}); // the server may end the line while we still write
    socket.write(text);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await once(socket, 'close');
    return answer;
  };
  it.each([
    ['garbage', 'GARBAGE\r\n\r\n', 400, 'bad-request'],
    ['huge headers', `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['a wrong length', 'POST /v1/restore HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n', 400, 'bad-request'],
  ])('is answered with a problem: %s', async (_, text, status, code) => {
    const answer = await raw(text);
    expect(answer.split('\r\n')[0]).toContain(` ${status} `);
    expect(answer).toContain(`Content-Type: ${PROBLEM_TYPE}`);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
  });
  it('a body that stops coming is answered, and its place is free again', async () => {
    const answer = await raw('POST /v1/restore HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc');
    expect(answer.split('\r\n')[0]).toContain(' 408 ');
    await untilFree();
  });
});

describe('a client that goes', () => {
  it('during the upload frees its place', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('POST /v1/restore HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc');
    await expect.poll(() => server.engine.status().taken, PATIENT).toBe(1);
    socket.destroy();
    await untilFree();
  });
  it('during the work frees its place within one tile', async () => {
    const client = new AbortController();
    const request = restore(large, '?tile=256', { signal: client.signal });
    await untilRunning();
    client.abort();
    await expect(request).rejects.toThrow();
    await untilFree();
    expect(server.engine.status().crashes).toBe(0);
  });
  it('while it waits is never begun', async () => {
    const first = [restore(large, '?tile=256'), restore(large, '?tile=256')]; // one being done, one at hand
    await expect.poll(() => server.engine.status().running, PATIENT).toBe(2);
    const client = new AbortController();
    const third = restore(small, '', { signal: client.signal });
    await expect.poll(() => server.engine.status().waiting, PATIENT).toBe(1);
    client.abort();
    await expect(third).rejects.toThrow();
    await expect.poll(() => server.engine.status().waiting, PATIENT).toBe(0);
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
  });
  it('during the download leaves the server well', async () => {
    const response = await restore(large);
    await response.body?.cancel();
    await untilFree();
    expect((await restore(small)).status).toBe(200);
  });
});

describe('a worker that ends in the middle of a tile', () => {
  it('is replaced, and its work is done again to the same bytes', async () => {
    const before = new Uint8Array(await (await restore(large, '?tile=256')).arrayBuffer());
    const { crashes } = server.engine.status();
    const request = restore(large, '?tile=256');
    await untilRunning();
    await workers.at(-1)?.end();
    const response = await request;
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(before);
    expect(server.engine.status()).toMatchObject({ crashes: crashes + 1, workers: 1 });
  });
  it('twice with the same picture fails it, and the server goes on', async () => {
    const request = restore(large, '?tile=256');
    await untilRunning();
    const started = workers.length;
    await workers.at(-1)?.end();
    await expect.poll(() => workers.length, PATIENT).toBe(started + 1);
    await untilRunning();
    await workers.at(-1)?.end();
    const response = await request;
    expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ code: 'engine-crashed', retryable: true })]);
    expect((await restore(small)).status).toBe(200);
  });
});

describe('the process', () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const start = (env: Record<string, string>): { process: ReturnType<typeof spawn>; lines: Record<string, unknown>[]; stderr: () => string } => {
    const lines: Record<string, unknown>[] = [];
    const process_ = spawn(process.execPath, [main], { env: { PATH: process.env.PATH ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [rest, stderr] = ['', ''];
    process_.stdout.on('data', (chunk) => {
      const all = `${rest}${chunk}`.split('\n');
      rest = all.pop() ?? '';
      lines.push(...all.map((line) => JSON.parse(line) as Record<string, unknown>));
    });
    process_.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    return { process: process_, lines, stderr: () => stderr };
  };

  it('ends what it has accepted when SIGTERM comes, each piece once, and exits with 0', async () => {
    const { process: child, lines } = start({ PORT: '0', FAIRWEATHER_BACKEND: 'cpu' });
    const exit = once(child, 'exit');
    const find = (msg: string): Record<string, unknown> | undefined => lines.find((line) => line.msg === msg);
    await expect.poll(() => find('ready'), { timeout: 60_000 }).toBeDefined();
    expect(find('ready')?.coldStartMs).toBeGreaterThan(0);
    const url = String(find('listening')?.url);
    const requests = Array.from({ length: 4 }, () => fetch(`${url}${ROUTES.restore}?tile=256`, { method: 'POST', body: large }));
    await expect.poll(async () => (await (await fetch(url + ROUTES.metrics)).text()).includes('fairweather_places_taken 4'), { timeout: 20_000 }).toBe(true);
    child.kill('SIGTERM');
    const answers = await Promise.all(requests);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(await exit).toEqual([0, null]);
    expect(lines.filter(({ route, status }) => route === ROUTES.restore && status === 200)).toHaveLength(4);
    expect(lines.at(-1)).toMatchObject({ msg: 'ended', drained: true });
  }, 120_000);
  it('names every fault of its environment and exits with 2', async () => {
    const { process: child, stderr } = start({ PORT: 'http', HOST: '0.0.0.0', FAIRWEATHER_QUEUE: 'long' });
    expect(await once(child, 'exit')).toEqual([2, null]);
    expect(stderr()).toMatch(/3 faults:\n {2}PORT .*\n {2}FAIRWEATHER_QUEUE .*\n {2}HOST /);
  }, 60_000);
  it('exits with 1 when there are no models', async () => {
    const { process: child, lines } = start({ PORT: '0', FAIRWEATHER_MODELS_DIR: '/nowhere' });
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(lines.at(-1)).toMatchObject({ msg: 'the server cannot start', err: { code: 'model-not-found' } });
  }, 60_000);
});
