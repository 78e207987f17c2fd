import { describe, expect, it } from 'vitest';
import { createFakeEngine, type FakeEngine, untilAbort } from '../testing/fake-engine.ts';
import { createFakePlatform, type FakePlatform } from '../testing/fake-platform.ts';
import { cutOff, problem, refused, restored, type ScriptedAnswer, type ScriptedApi, scriptApi, silent } from '../testing/scripted-api.ts';
import { type Client, type ClientDeps, createClientWith } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import type { ProgressEvent } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import type { LoadEngine } from './load-engine.ts';
import { createRouter } from './router.ts';

const picture = new Blob(['picture']);
const baseUrl = 'https://api.example/base';

const routerTo =
  (loadEngine: LoadEngine): NonNullable<ClientDeps['openRouter']> =>
  async (settings, platform, remote) =>
    createRouter({ settings, platform, remote, loadEngine });
type Setup = { readonly client: Client; readonly api: ScriptedApi; readonly platform: FakePlatform; readonly device: FakeEngine };
function setUp(
  options: ClientOptions = {},
  answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]] = [restored],
  runtime: 'node' | 'browser' | 'edge' = 'node',
): Setup {
  const api = scriptApi(...answers);
  const platform = createFakePlatform(runtime);
  const device = createFakeEngine(runtime === 'node' ? 'node' : 'wasm');
  const openRouter = runtime === 'edge' ? undefined : routerTo(async () => async () => device);
  const client = createClientWith({ baseUrl, fetch: api.fetch, ...options }, { platform, openRouter });
  return { client, api, platform, device };
}
const remote = (options: ClientOptions = {}, ...answers: ScriptedAnswer[]): Setup =>
  setUp({ backend: 'remote', ...options }, (answers.length > 0 ? answers : [restored]) as [ScriptedAnswer]);

describe('a restoration by the server', () => {
  it('sends picture, options and key, and gives picture and report', async () => {
    const { client, api } = remote({ apiKey: 'fw_key', headers: { 'X-Tenant': 'shop' } });
    const { image, report } = await client.restore(picture, { remove: ['rain'], seed: 3 });
    expect(await image.text()).toBe('picture');
    expect(image.type).toBe('image/png');
    expect(report.run).toMatchObject({ engine: 'remote', fallbacks: [], requestId: expect.stringMatching(/^[0-9a-f]{32}\.1$/) });
    const [request] = api.seen;
    expect(request).toMatchObject({ url: 'https://api.example/base/v1/restore', method: 'POST' });
    expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({ authorization: 'Bearer fw_key', accept: 'application/json', 'x-tenant': 'shop' });
    expect([request?.body?.get('remove'), request?.body?.get('seed')]).toEqual(['rain', '3']);
  });
  it('tells the upload', async () => {
    const events: ProgressEvent[] = [];
    await remote().client.restore(picture, { onProgress: (event) => events.push(event) });
    expect(events.map((event) => event.type === 'upload' && [event.sentBytes, event.totalBytes])).toEqual([
      [0, 7],
      [7, 7],
    ]);
  });
  it('refuses pixels and limits that only the device has', async () => {
    const { client } = remote();
    await expect(client.restore({ width: 1, height: 1, data: new Uint8ClampedArray(4) })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(client.restore(picture, { limits: { maxPixels: 5 } })).rejects.toMatchObject({ code: 'invalid-option' });
  });
  it('says so when something else answers', async () => {
    for (const answer of [() => new Response('<html>'), () => Response.json({}), () => Response.json({ report: {}, image: {} })])
      await expect(remote({}, answer).client.restore(picture)).rejects.toMatchObject({ code: 'bad-response' });
  });
});

describe('retries', () => {
  it('come with the same idempotency key and a request id of their own', async () => {
    const { client, api, platform } = remote({}, problem(503, 'overloaded', true), refused, cutOff, restored);
    expect((await client.restore(picture)).report.run.requestId).toMatch(/\.4$/);
    const header = (name: string): (string | null)[] => api.seen.map(({ headers }) => headers.get(name));
    expect(new Set(header('Idempotency-Key')).size).toBe(1);
    expect(header('X-Request-Id').map((id) => id?.split('.')[1])).toEqual(['1', '2', '3', '4']);
    expect(platform.waits).toEqual([500, 1000, 2000]);
  });
  it('honour Retry-After and tell the wait', async () => {
    const events: ProgressEvent[] = [];
    const { client, platform } = remote({}, problem(429, 'rate-limited', true, { 'Retry-After': '7' }), restored);
    await client.restore(picture, { onProgress: (event) => events.push(event) });
    expect(platform.waits).toEqual([7000]);
    expect(events).toContainEqual({ type: 'queue', attempt: 2, waitMs: 7000, elapsedMs: 0 });
  });
  it('end with a typed error', async () => {
    const { client, api } = remote({ maxRetries: 1 }, problem(503, 'overloaded', true, { 'Retry-After': '2' }));
    await expect(client.restore(picture)).rejects.toMatchObject({
      name: 'RestoreError',
      code: 'overloaded',
      status: 503,
      retryable: true,
      retryAfterMs: 2000,
      requestId: expect.stringMatching(/\.2$/),
    });
    expect(api.seen).toHaveLength(2);
  });
  it('are not made where they would not help', async () => {
    const { client, api } = remote({}, problem(422, 'corrupt-image', false));
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'corrupt-image', retryable: false });
    expect(api.seen).toHaveLength(1);
  });
  it('follow a timeout, whose error names the request', async () => {
    const { client, api } = remote({ timeoutMs: 5, maxRetries: 1 }, silent);
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'timeout', retryable: true, requestId: expect.stringMatching(/\.2$/) });
    expect(api.seen).toHaveLength(2);
  });
  it('never follow an abort', async () => {
    const { client, api } = remote({}, silent);
    const controller = new AbortController();
    const call = client.restore(picture, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await expect(call).rejects.toThrow('enough');
    expect(api.seen).toHaveLength(1);
  });
  it('never follow a listener that throws', async () => {
    const { client, api } = remote();
    const onProgress = (): never => {
      throw new Error('mine');
    };
    await expect(client.restore(picture, { onProgress })).rejects.toThrow('mine');
    expect(api.seen).toHaveLength(0);
  });
});

describe('keys', () => {
  it('are refused in a browser, unless allowed', () => {
    expect(() => setUp({ apiKey: 'fw_key' }, [restored], 'browser')).toThrow(expect.objectContaining({ code: 'secret-key-in-browser' }));
    setUp({ apiKey: 'fw_key', allowSecretKeyInBrowser: true }, [restored], 'browser');
    setUp({ apiKey: () => 'token' }, [restored], 'browser');
  });
  it('may be short-lived tokens, fetched anew once when one is refused', async () => {
    let calls = 0;
    const apiKey = (): { token: string; expiresInMs: number } => ({ token: `t${++calls}`, expiresInMs: 60_000 });
    const { client, api } = remote({ apiKey }, problem(401, 'unauthorized', false), restored);
    await client.restore(picture);
    await client.restore(picture);
    expect(api.seen.map(({ headers }) => headers.get('Authorization'))).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t2']);
  });
  it('end in their own error when a fresh one is refused too', async () => {
    const { client, api } = remote({ apiKey: async () => 'bad' }, problem(401, 'unauthorized', false));
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    expect(api.seen).toHaveLength(2);
  });
});

describe('auto', () => {
  it('uses the server where it answers', async () => {
    const { client, device } = setUp();
    expect((await client.restore(picture)).report.run.engine).toBe('remote');
    expect(device.seen).toEqual([]);
  });
  it('goes to the device at once when the connection fails, and stays there for 30 s', async () => {
    const events: ProgressEvent[] = [];
    const { client, api, platform } = setUp({}, [refused, restored]);
    const { run } = (await client.restore(picture, { onProgress: (event) => events.push(event) })).report;
    expect(run).toMatchObject({ engine: 'node', fallbacks: [{ from: 'remote', to: 'device', reason: expect.stringContaining('ECONNREFUSED') }] });
    expect(events).toContainEqual(expect.objectContaining({ type: 'fallback', to: 'device' }));
    expect(platform.waits).toEqual([]);
    platform.nowMs = 29_999;
    expect((await client.restore(picture)).report.run).toMatchObject({ engine: 'node', fallbacks: [{ reason: expect.stringContaining('ECONNREFUSED') }] });
    expect(api.seen).toHaveLength(1);
    platform.nowMs = 30_000;
    expect((await client.restore(picture)).report.run.engine).toBe('remote');
  });
  it('waits for a server that is merely busy, before it goes to the device', async () => {
    const { client, platform } = setUp({ maxRetries: 2 }, [problem(503, 'overloaded', true)]);
    expect((await client.restore(picture)).report.run.engine).toBe('node');
    expect(platform.waits).toHaveLength(2);
  });
  it('goes to the device without asking the server when there is no network', async () => {
    const { client, api, platform } = setUp();
    platform.online = false;
    expect((await client.restore(picture)).report.run).toMatchObject({
      engine: 'node',
      fallbacks: [{ from: 'remote', to: 'device', reason: 'There is no network' }],
    });
    expect(api.seen).toEqual([]);
  });
  it('does not hide faults of picture and key', async () => {
    const { client, device } = setUp({}, [problem(401, 'unauthorized', false)]);
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(device.seen).toEqual([]);
  });
  it('goes to the server where the device is preferred and cannot', async () => {
    const { client, device } = setUp({ privacy: 'prefer-device' });
    device.behave(() => Promise.reject(new RestoreError('backend-failed', 'No adapter.')));
    expect((await client.restore(picture)).report.run).toMatchObject({
      engine: 'remote',
      fallbacks: [{ from: 'device', to: 'remote', reason: 'No adapter.' }],
    });
  });
  it('gives pixels to the device', async () => {
    const { client, api } = setUp();
    expect((await client.restore({ width: 1, height: 1, data: new Uint8ClampedArray(4) })).report.run.engine).toBe('node');
    expect(api.seen).toEqual([]);
  });
  it('tells the error of a cold device when there is no network', async () => {
    const { client, platform, device } = setUp();
    platform.online = false;
    device.behave(() => Promise.reject(new RestoreError('offline', 'The model is not on this device.')));
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'offline' });
  });
  it('has only the server on an edge function', async () => {
    expect((await setUp({}, [restored], 'edge').client.restore(picture)).report.run.engine).toBe('remote');
    await expect(setUp({}, [refused], 'edge').client.restore(picture)).rejects.toMatchObject({ code: 'connection-failed' });
  });
});

describe('privacy on-device', () => {
  it('never sends a picture, whatever fails', async () => {
    const { client, api, device } = setUp({ privacy: 'on-device' });
    await client.restore(picture);
    device.behave(() => Promise.reject(new RestoreError('backend-failed', 'No adapter.')));
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'backend-failed' });
    await expect(client.inspect(picture)).rejects.toMatchObject({ code: 'backend-failed' });
    expect(api.seen).toEqual([]);
  });
  it('does not go with a backend that sends', () => expect(() => setUp({ privacy: 'on-device', backend: 'remote' })).toThrow('privacy'));
});

describe('a client', () => {
  it.each<[ClientOptions, string]>([
    [{ backend: 'gpu' as 'auto' }, 'backend'],
    [{ backend: 'remote', baseUrl: undefined as unknown as string }, 'baseUrl'],
    [{ baseUrl: 'not an address' }, 'baseUrl'],
    [{ maxRetries: -1 }, 'maxRetries'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ basUrl: 'x' } as ClientOptions, 'basUrl'],
  ])('refuses %o', (options, name) => {
    expect(() => createClientWith(options, { platform: createFakePlatform(), openRouter: undefined })).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(name) }),
    );
  });
  it('says what could restore', async () => {
    const { client } = setUp({}, [
      () => Response.json({ inputFormats: ['png'], outputFormats: ['png'], models: [{ name: 'small', default: true, precisions: ['fp32'] }] }),
    ]);
    expect((await client.capabilities()).map(({ engine, available }) => [engine, available])).toEqual([
      ['remote', true],
      ['node', true],
    ]);
    const offline = setUp({}, [refused]);
    expect(await offline.client.capabilities()).toMatchObject([
      { engine: 'remote', available: false, reason: expect.stringContaining('ECONNREFUSED') },
      { available: true },
    ]);
    expect(await client.capabilities({ model: 'huge' })).toMatchObject([
      { engine: 'remote', available: false, reason: expect.stringContaining('small') },
      { engine: 'node', available: true },
    ]);
    expect(await setUp({ backend: 'webgpu' }).client.capabilities()).toMatchObject([
      { engine: 'webgpu', available: false, reason: expect.stringContaining('does not exist') },
    ]);
  });
  it('preloads the device, or asks the server for its models', async () => {
    const { client, device } = setUp();
    expect((await client.preload()).backend).toBe('node');
    expect(device.seen).toHaveLength(1);
    const models = (): Response => Response.json({ models: [{ name: 'small', version: '2.0.0', default: true }] });
    expect(await remote({}, models).client.preload()).toEqual({ backend: 'remote', precision: 'fp32', model: { name: 'small', version: '2.0.0' } });
    await expect(remote({}, models).client.preload({ model: 'large' })).rejects.toMatchObject({ code: 'model-not-found' });
  });
  it('tells one clock, whatever the engine counts', async () => {
    const events: ProgressEvent[] = [];
    const { client, device, platform } = setUp({ privacy: 'on-device' });
    device.behave(({ onProgress }) => {
      platform.nowMs = 40;
      onProgress?.({ type: 'tile', tile: 1, tiles: 1, elapsedMs: 3 });
    });
    await client.restore(picture, { onProgress: (event) => events.push(event) });
    expect(events).toEqual([{ type: 'tile', tile: 1, tiles: 1, elapsedMs: 40 }]);
  });
  it('tries again to load an engine that could not be loaded', async () => {
    let loads = 0;
    const loadEngine = async (): Promise<() => Promise<FakeEngine>> => {
      if (++loads === 1) throw new RestoreError('engine-unavailable', 'The file did not come.');
      return async () => createFakeEngine();
    };
    const client = createClientWith({}, { platform: createFakePlatform('browser'), openRouter: routerTo(loadEngine) });
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'engine-unavailable' });
    expect((await client.restore(picture)).report.run.engine).toBe('wasm');
  });
  it('goes on with the server when the code of the device did not come', async () => {
    const openRouter = (): Promise<never> => Promise.reject(new TypeError('Failed to fetch dynamically imported module'));
    const make = (options: ClientOptions): Client =>
      createClientWith({ baseUrl, fetch: scriptApi(restored).fetch, ...options }, { platform: createFakePlatform('browser'), openRouter });
    expect((await make({}).restore(picture)).report.run.engine).toBe('remote');
    for (const options of [{ privacy: 'on-device' }, { backend: 'wasm' }] as const)
      await expect(make(options).restore(picture)).rejects.toMatchObject({ code: 'engine-unavailable', cause: expect.any(TypeError) });
  });
  it('restores a batch, one outcome a picture', async () => {
    const { client } = remote({}, restored, problem(422, 'truncated', false), restored);
    const outcomes = [];
    for await (const { index, error } of client.restoreBatch([picture, picture, picture], { concurrency: 1 }))
      outcomes.push([index, (error as RestoreError | undefined)?.code]);
    expect(outcomes).toEqual([
      [0, undefined],
      [1, 'truncated'],
      [2, undefined],
    ]);
  });
  it('ends running calls when it is disposed of, and takes no others', async () => {
    const { client, device } = setUp({ privacy: 'on-device' });
    device.behave(untilAbort);
    const call = client.restore(picture);
    await new Promise((resolve) => setTimeout(resolve, 0));
    await client.dispose();
    await client[Symbol.asyncDispose]();
    await expect(call).rejects.toMatchObject({ code: 'disposed' });
    await expect(client.restore(picture)).rejects.toMatchObject({ code: 'disposed' });
    expect(device.disposals).toBe(1);
  });
  it('leaves no listener on a signal that lives on', async () => {
    const controller = new AbortController();
    const listeners = new Set<unknown>();
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
      listeners.add(listener);
      add(type, listener, options);
    };
    signal.removeEventListener = (type: string, listener: EventListener) => {
      listeners.delete(listener);
      remove(type, listener);
    };
    const { client } = remote({}, problem(503, 'overloaded', true), restored);
    await client.restore(picture, { signal });
    expect(listeners.size).toBe(0);
  });
});
