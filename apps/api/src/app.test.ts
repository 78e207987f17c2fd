import { RestoreError } from '@fairweather/core';
import { createApiKey } from '@fairweather/core/api-key';
import { HEADERS, type Problem, PROBLEM_TYPE, ROUTES } from '@fairweather/core/contract';
import { describe, expect, it } from 'vitest';
import { createFakeApp } from '../testing/fake-app.ts';
import { createFakeWorkers, echo } from '../testing/fake-workers.ts';

const bytes = Uint8Array.of(9, 8, 7);
const post = (body: BodyInit, headers: Record<string, string> = {}): RequestInit => ({ method: 'POST', body, headers });
const form = (fields: Record<string, string | Blob>): FormData => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
};
const problemOf = async (response: Response): Promise<Problem> => {
  expect(response.headers.get('Content-Type')).toBe(PROBLEM_TYPE);
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(response.status);
  expect(problem.requestId).toBe(response.headers.get(HEADERS.requestId));
  return problem;
};

describe('POST /v1/restore', () => {
  it('answers the picture, with what is to be known about it in headers', async () => {
    const { app } = await createFakeApp();
    const response = await app.request(`${ROUTES.restore}?seed=7`, post(bytes, { [HEADERS.requestId]: 'mine-1' }));
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '3',
      'x-request-id': 'mine-1',
      'fairweather-seed': '7',
      'fairweather-model': 'small/1.2.3',
      'fairweather-backend': 'cpu',
      'fairweather-weather': 'rain;presence=0.910;share=0.750, haze;presence=0.300;share=0.250',
      'fairweather-warnings': 'animated',
      'cache-control': 'no-store',
    });
    expect(response.headers.get('Server-Timing')).toMatch(/^wait;dur=[\d.]+, read;dur=1.0, load;dur=0.0, decode;dur=2.0, .*total;dur=50.0$/);
  });
  it('answers the report and the picture as a data URL where JSON is asked for', async () => {
    const { app } = await createFakeApp();
    const response = await app.request(ROUTES.restore, post(bytes, { Accept: 'application/json' }));
    const { image, report } = (await response.json()) as { image: { dataUrl: string }; report: object };
    expect(image).toEqual({ mediaType: 'image/png', width: 4, height: 2, bytes: 3, dataUrl: 'data:image/png;base64,CQgH' });
    expect(report).toEqual((echo({ kind: 'restore', input: bytes, options: {} }) as { report: object }).report);
  });
  it.each([
    ['application/json, image/*;q=0.5', 'application/json'],
    ['image/*, application/json;q=0.5', 'image/png'],
    ['*/*', 'image/png'],
  ])('takes Accept: %s as %s', async (accept, type) => {
    const { app } = await createFakeApp();
    expect((await app.request(ROUTES.restore, post(bytes, { Accept: accept }))).headers.get('Content-Type')).toBe(type);
  });
  it('hands every option on, from the query as from a form', async () => {
    const options = {
      model: 'other',
      precision: 'fp16',
      remove: 'rain,haze',
      strength: '0.5',
      seed: '4294967295',
      steps: '1',
      tile: '256',
      scale: '0.5',
      format: 'webp',
      quality: '80',
      metadata: 'strip',
    };
    const seen: unknown[] = [];
    const workers = createFakeWorkers('at-once', async (work) => {
      seen.push(work.options);
      return echo(work);
    });
    const { app } = await createFakeApp({}, { workers });
    const { model, seed, ...fields } = options;
    expect((await app.request(`${ROUTES.restore}?${new URLSearchParams(options)}`, post(bytes))).status).toBe(200);
    expect((await app.request(`${ROUTES.restore}?model=${model}&seed=${seed}`, post(form({ image: new Blob([bytes]), ...fields })))).status).toBe(200);
    const expected = {
      model: 'other',
      precision: 'fp16',
      remove: ['rain', 'haze'],
      strength: 0.5,
      seed: 4294967295,
      steps: 1,
      tile: 256,
      scale: 0.5,
      output: { format: 'webp', quality: 80, metadata: 'strip' },
      limits: { maxBytes: 4096, maxPixels: 1_000_000, maxSidePx: 4000 },
    };
    expect(seen).toEqual([expected, expected]);
  });
  it('names every wrong option at once, wherever it came in', async () => {
    const { app } = await createFakeApp();
    const wrong = { strength: '1.5', seed: '-1', steps: '3', scale: 'half', format: 'bmp', colour: 'red' };
    for (const request of [
      app.request(`${ROUTES.restore}?${new URLSearchParams(wrong)}`, post(bytes)),
      app.request(ROUTES.restore, post(form({ image: new Blob([bytes]), ...wrong }))),
    ]) {
      const { code, errors = [] } = await problemOf(await request);
      expect([code, errors.map(({ field }) => field).sort()]).toEqual(['invalid-option', Object.keys(wrong).sort()]);
    }
  });
  it('takes a picture by its address where that is allowed, and never else', async () => {
    const named = post(JSON.stringify({ url: 'https://pictures.example/a.jpg' }), { 'Content-Type': 'application/json' });
    const asked: string[] = [];
    const fetchPicture = async (url: string): Promise<Uint8Array> => {
      asked.push(url);
      return bytes;
    };
    const { app } = await createFakeApp({}, { fetchPicture });
    const response = await app.request(`${ROUTES.restore}?seed=3`, named);
    expect([response.status, response.headers.get(HEADERS.seed), new Uint8Array(await response.arrayBuffer())]).toEqual([200, '3', bytes]);
    for (const body of ['{"url":7}', '{"url":"https://pictures.example/","seed":1}', '[]', 'https://pictures.example/'])
      expect(await problemOf(await app.request(ROUTES.restore, post(body, { 'Content-Type': 'application/json' })))).toMatchObject({ code: 'bad-request' });
    const { app: closed } = await createFakeApp();
    expect(new Uint8Array(await (await closed.request(ROUTES.restore, named)).arrayBuffer())[0]).toBe('{'.charCodeAt(0)); // bytes like any others
    expect(asked).toEqual(['https://pictures.example/a.jpg']);
  });
  it.each([
    ['twice in the query', '?seed=1&seed=2', () => bytes],
    ['in the query and in the form', '?seed=1', () => form({ image: new Blob([bytes]), seed: '2' })],
  ])('refuses an option that comes %s', async (_, query, body) => {
    const { app } = await createFakeApp();
    expect(await problemOf(await app.request(`${ROUTES.restore}${query}`, post(body())))).toMatchObject({
      code: 'invalid-option',
      errors: [{ field: 'seed' }],
    });
  });
  it.each<[string, number, string, () => RequestInit]>([
    ['no bytes', 400, 'empty-input', () => post(new Uint8Array())],
    ['a form without a picture', 400, 'bad-request', () => post(form({ seed: '1' }))],
    ['a form whose picture is a text', 400, 'bad-request', () => post(form({ image: 'text' }))],
    ['a form with another file', 400, 'bad-request', () => post(form({ image: new Blob([bytes]), mask: new Blob([bytes]) }))],
    ['a broken form', 400, 'bad-request', () => post('--x\r\nno', { 'Content-Type': 'multipart/form-data; boundary=x' })],
    ['a form without a boundary', 400, 'bad-request', () => post(bytes, { 'Content-Type': 'multipart/form-data' })],
    ['a body over the limit', 413, 'too-large', () => post(new Uint8Array(5000))],
    ['a body that says it is over the limit', 413, 'too-large', () => post(bytes, { 'Content-Length': '5000' })],
  ])('refuses %s', async (_, status, code, request) => {
    const { app, engine, workers } = await createFakeApp();
    const problem = await problemOf(await app.request(ROUTES.restore, request()));
    expect(problem).toMatchObject({ status, code, retryable: false });
    expect([workers.begun, engine.status().taken]).toEqual([[], 0]);
  });
  it('gives up a body that comes too slowly', async () => {
    const { app, engine } = await createFakeApp();
    const slow = new ReadableStream({ start: (controller) => controller.enqueue(bytes) });
    const response = await app.request(ROUTES.restore, { method: 'POST', body: slow, duplex: 'half' } as RequestInit);
    expect(await problemOf(response)).toMatchObject({ code: 'request-timeout', retryable: true });
    expect(engine.status().taken).toBe(0);
  });
  it('tells the core’s refusals, and of our own faults only the code', async () => {
    for (const [code, status, told] of [
      ['truncated', 422, true],
      ['unsupported-format', 415, true],
      ['too-large', 413, true],
      ['backend-failed', 500, false],
    ] as const) {
      const workers = createFakeWorkers('at-once', () => Promise.reject(new RestoreError(code, 'The sentence, with /a/path.')));
      const { app } = await createFakeApp({}, { workers });
      const problem = await problemOf(await app.request(ROUTES.restore, post(bytes)));
      expect([problem.code, problem.status, problem.detail.includes('/a/path')]).toEqual([code, status, told]);
    }
  });
  it('hides what is thrown without a name, and logs it', async () => {
    const workers = createFakeWorkers('at-once', () => Promise.reject(new Error('secret at /home/x')));
    const { app, lines } = await createFakeApp({}, { workers });
    const text = await (await app.request(ROUTES.restore, post(bytes))).text();
    expect(text).toContain('"code":"internal"');
    expect(text).not.toMatch(/secret|home|stack/);
    expect(lines).toEqual([expect.objectContaining({ code: 'internal', err: expect.objectContaining({ message: 'secret at /home/x' }) })]);
  });
  it('answers 503 with Retry-After when all places are taken', async () => {
    const workers = createFakeWorkers('held');
    const { app } = await createFakeApp({ queuePerClient: 9 }, { workers, engine: { queue: 0, queuePerClient: 9 } });
    const first = app.request(ROUTES.restore, post(bytes));
    const second = await app.request(ROUTES.restore, post(bytes));
    expect(await problemOf(second)).toMatchObject({ code: 'overloaded', retryable: true });
    expect(Number(second.headers.get('Retry-After'))).toBeGreaterThanOrEqual(1);
    workers.finish();
    expect((await first).status).toBe(200);
  });
  it('frees the place of a client that goes', async () => {
    const workers = createFakeWorkers('held');
    const { app, engine, lines } = await createFakeApp({}, { workers });
    const client = new AbortController();
    const request = app.request(new Request(`http://localhost${ROUTES.restore}`, { ...post(bytes), signal: client.signal }));
    await expect.poll(() => engine.status().running).toBe(1);
    client.abort();
    await request;
    await expect.poll(() => engine.status()).toMatchObject({ taken: 0, running: 0 });
    expect(lines).toEqual([expect.objectContaining({ code: 'client-closed', status: 499 })]);
  });
});

describe('POST /v1/inspect', () => {
  it('answers the weather', async () => {
    const { app } = await createFakeApp();
    const response = await app.request(`${ROUTES.inspect}?model=other`, post(bytes));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ report: { model: { name: 'other' }, weather: [{ weather: 'rain', presence: 0.91 }, { weather: 'haze' }] } });
  });
  it('knows no options of restore', async () => {
    const { app } = await createFakeApp();
    expect(await problemOf(await app.request(`${ROUTES.inspect}?seed=1`, post(bytes)))).toMatchObject({ code: 'invalid-option', errors: [{ field: 'seed' }] });
  });
});

describe('what there is', () => {
  it('GET /v1/models lists the models and marks the default one', async () => {
    const { app } = await createFakeApp();
    const facts = { version: '1.2.3', licence: 'Apache-2.0', weathers: ['rain', 'haze'], precisions: ['fp32'] };
    expect(await (await app.request(ROUTES.models)).json()).toEqual({
      models: [
        { name: 'small', title: 'Small', ...facts, default: true },
        { name: 'other', title: 'Other', ...facts, default: false },
      ],
    });
  });
  it('GET /v1/limits tells the limits of this client', async () => {
    const { app } = await createFakeApp({ ratePerMinute: 77 });
    expect(await (await app.request(ROUTES.limits)).json()).toMatchObject({
      maxBodyBytes: 4096,
      maxPixels: 1_000_000,
      maxSidePx: 4000,
      ratePerMinute: 77,
      maxConcurrentPerClient: 2,
    });
  });
  it('knows no other path and no other method', async () => {
    const { app } = await createFakeApp();
    expect(await problemOf(await app.request('/v1/nothing'))).toMatchObject({ code: 'not-found' });
    const response = await app.request(ROUTES.restore);
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'POST']);
    expect((await app.request(ROUTES.models, { method: 'DELETE' })).headers.get('Allow')).toBe('GET, HEAD');
  });
});

describe('health', () => {
  it('is alive, ready and answers pings', async () => {
    const { app } = await createFakeApp();
    const [live, ready, ping] = await Promise.all([app.request(ROUTES.live), app.request(ROUTES.ready), app.request(ROUTES.ping)]);
    expect([live.status, ready.status, ping.status, await ready.json()]).toEqual([200, 200, 200, { status: 'ready', backend: 'cpu', workers: 1 }]);
  });
  it('is alive but not ready while it loads', async () => {
    const { app } = await createFakeApp({}, { workers: { ...createFakeWorkers('held'), start: () => new Promise(() => {}) } });
    const [live, ready, ping, work] = await Promise.all([
      app.request(ROUTES.live),
      app.request(ROUTES.ready),
      app.request(ROUTES.ping),
      app.request(ROUTES.restore, post(bytes)),
    ]);
    expect([live.status, ready.status, ping.status, work.status]).toEqual([200, 503, 204, 503]);
    expect(await problemOf(work)).toMatchObject({ code: 'not-ready', retryable: true });
    expect(work.headers.get('Retry-After')).toBe('3');
  });
  it('is not ready once it closes', async () => {
    const { app, engine } = await createFakeApp();
    await engine.close(0);
    const [ready, ping, work] = await Promise.all([app.request(ROUTES.ready), app.request(ROUTES.ping), app.request(ROUTES.restore, post(bytes))]);
    expect([ready.status, ping.status, work.status, work.headers.get('Connection')]).toEqual([503, 503, 503, 'close']);
  });
  it('GET /metrics counts requests by route, never by a path that came in', async () => {
    const { app } = await createFakeApp();
    await app.request(ROUTES.restore, post(bytes));
    await app.request('/some/made-up/path');
    const text = await (await app.request(ROUTES.metrics)).text();
    expect(text).toContain('fairweather_requests_total{route="/v1/restore",method="POST",status="200"} 1');
    expect(text).toContain('fairweather_phase_duration_seconds_count{kind="restore",backend="cpu",phase="restore"} 1');
    expect(text).toContain('fairweather_ready 1');
    expect(text).not.toContain('made-up');
  });
});

describe('documentation', () => {
  it('GET /openapi.json names every route and every code', async () => {
    const { app } = await createFakeApp();
    const text = await (await app.request(ROUTES.openapi)).text();
    const { openapi, paths } = JSON.parse(text) as { openapi: string; paths: Record<string, Record<string, { parameters?: { name: string }[] }>> };
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths).sort()).toEqual(
      Object.values(ROUTES)
        .filter((path) => path !== ROUTES.openapi && path !== ROUTES.docs)
        .sort(),
    );
    expect(paths[ROUTES.restore]?.post?.parameters?.map(({ name }) => name)).toContain('strength');
    for (const code of ['overloaded', 'truncated', 'rate-limited']) expect(text).toContain(`\`${code}\``);
  });
  it('GET /docs serves the reference page from here alone', async () => {
    const { app } = await createFakeApp();
    const page = await app.request(ROUTES.docs);
    const html = await page.text();
    expect(html).not.toMatch(/https?:/);
    expect(page.headers.get('Content-Security-Policy')).toContain("script-src 'self'");
    for (const [, path = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) expect((await app.request(path)).status).toBe(200);
    expect((await app.request(`${ROUTES.docs}/package.json`)).status).toBe(404);
  });
});

const shop = await createApiKey({ name: 'shop', scopes: ['restore'], ratePerMinute: 2 });
const eye = await createApiKey({ name: 'eye', scopes: ['inspect', 'metrics'] });
describe('keys and rates', () => {
  const keys = [shop.record, eye.record];
  const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });

  it('lets nobody in without a key that is known', async () => {
    const { app, workers } = await createFakeApp({ keys });
    for (const headers of [{}, bearer(`${shop.key}x`), { Authorization: `Basic ${shop.key}` }] as Record<string, string>[])
      for (const path of [ROUTES.restore, ROUTES.inspect]) {
        const response = await app.request(path, post(bytes, headers));
        expect(await problemOf(response)).toMatchObject({ code: 'unauthorized' });
        expect(response.headers.get('WWW-Authenticate')).toContain('Bearer');
      }
    for (const path of [ROUTES.models, ROUTES.limits, ROUTES.metrics]) expect((await app.request(path)).status).toBe(401);
    expect(workers.begun).toEqual([]);
  });
  it('lets a key do what its scopes say', async () => {
    const { app } = await createFakeApp({ keys });
    const statuses = async (key: string): Promise<number[]> => [
      (await app.request(ROUTES.restore, post(bytes, bearer(key)))).status,
      (await app.request(ROUTES.inspect, post(bytes, bearer(key)))).status,
      (await app.request(ROUTES.metrics, { headers: bearer(key) })).status,
    ];
    expect([await statuses(shop.key), await statuses(eye.key)]).toEqual([
      [200, 403, 403],
      [403, 200, 200],
    ]);
  });
  it('needs no key for health and documentation', async () => {
    const { app } = await createFakeApp({ keys });
    for (const path of [ROUTES.live, ROUTES.ready, ROUTES.ping, ROUTES.openapi, ROUTES.docs]) expect((await app.request(path)).status).toBe(200);
  });
  it('holds a key to its rate and says what is left', async () => {
    const { app } = await createFakeApp({ keys });
    const send = (): Promise<Response> => Promise.resolve(app.request(ROUTES.restore, post(bytes, bearer(shop.key))));
    const [first, second, third] = [await send(), await send(), await send()];
    expect([first.status, first.headers.get('RateLimit-Policy'), first.headers.get('RateLimit')]).toEqual([200, '"default";q=2;w=60', '"default";r=1;t=60']);
    expect(second.status).toBe(200);
    expect(await problemOf(third)).toMatchObject({ code: 'rate-limited', retryable: true });
    expect(Number(third.headers.get('Retry-After'))).toBeGreaterThan(0);
  });
  it('counts addresses apart in open mode', async () => {
    const { app } = await createFakeApp({ ratePerMinute: 1 });
    const send = async (address: string): Promise<number> => (await app.request(ROUTES.models, { headers: { 'Test-Address': address } })).status;
    expect([await send('10.0.0.1'), await send('10.0.0.1'), await send('10.0.0.2')]).toEqual([200, 429, 200]);
  });
  it('logs names, and neither keys nor options', async () => {
    const { app, lines } = await createFakeApp({ keys });
    await app.request(`${ROUTES.restore}?seed=4711`, post(bytes, bearer(shop.key)));
    expect(lines).toEqual([expect.objectContaining({ route: ROUTES.restore, status: 200, client: 'shop', bytesIn: 3, model: 'small', pixels: 8 })]);
    expect(JSON.stringify(lines)).not.toMatch(/4711|fw_/);
  });
});

describe('browsers', () => {
  it('may call from origins that are configured, and read the headers', async () => {
    const { app } = await createFakeApp();
    const from = async (origin: string): Promise<Response> => await app.request(ROUTES.restore, post(bytes, { Origin: origin }));
    const known = await from('https://shop.example');
    expect(known.headers.get('Access-Control-Allow-Origin')).toBe('https://shop.example');
    expect(known.headers.get('Access-Control-Expose-Headers')).toContain(HEADERS.weather);
    expect((await from('https://other.example')).headers.get('Access-Control-Allow-Origin')).toBeNull();
  });
  it('get an answer to their preflight without a key', async () => {
    const { app } = await createFakeApp({ keys: [(await createApiKey({ name: 'shop', scopes: ['restore'] })).record] });
    const headers = { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' };
    const response = await app.request(ROUTES.restore, { method: 'OPTIONS', headers });
    expect([response.status, response.headers.get('Access-Control-Allow-Origin')]).toEqual([204, 'https://shop.example']);
  });
  it('are told to run and sniff nothing', async () => {
    const { app } = await createFakeApp();
    const { headers } = await app.request(ROUTES.restore, post(bytes));
    expect([headers.get('Content-Security-Policy'), headers.get('X-Content-Type-Options')]).toEqual(["default-src 'none'; frame-ancestors 'none'", 'nosniff']);
  });
});

it('a request id that is not plain is not taken over', async () => {
  const { app } = await createFakeApp();
  const response = await app.request(ROUTES.live, { headers: { [HEADERS.requestId]: 'a b"c' } });
  expect(response.headers.get(HEADERS.requestId)).toMatch(/^[0-9a-f-]{36}$/);
});
