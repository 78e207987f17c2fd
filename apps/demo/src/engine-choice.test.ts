import { describe, expect, it } from 'vitest';
import { clientOptions, findServer } from './engine-choice.ts';

const BASE = 'https://example.com/demo/index.html';

describe('options of the client', () => {
  it('never name a server when the device was chosen', () => {
    for (const where of ['device', 'webgpu', 'wasm'] as const) {
      expect(clientOptions(where, BASE, true)).toMatchObject({ privacy: 'on-device' });
      expect(clientOptions(where, BASE, true)).not.toHaveProperty('baseUrl');
    }
  });
  it('name the page’s own host and folder when it restores, and keep the device for when it does not answer', () => {
    const { baseUrl, models, privacy } = clientOptions('auto', BASE, true);
    expect([String(baseUrl), String(models), privacy]).toEqual(['https://example.com/demo/', 'https://example.com/demo/models/', 'server-allowed']);
  });
  it('bring the visitor’s key to the server, and to nobody else', () => {
    const key = (): string => 'fw_key';
    expect(clientOptions('auto', BASE, true, key)).toMatchObject({ apiKey: key });
    expect(clientOptions('server', BASE, true, key)).toMatchObject({ apiKey: key });
    expect(clientOptions('device', BASE, true, key)).not.toHaveProperty('apiKey');
  });
  it('are the device alone on a static host', () => {
    expect(clientOptions('auto', BASE, false)).toEqual(clientOptions('device', BASE, false));
  });
});

describe('the server', () => {
  const answer =
    (status: number, type: string): typeof fetch =>
    async () =>
      new Response('{}', { status, headers: { 'content-type': type } });
  it.each([
    [200, 'application/json', true],
    [401, 'application/problem+json', true], // it is there, and wants a key
    [200, 'text/html', false], // a static host with one page for everything
    [404, 'application/json', false],
  ] as const)('that answers %i with %s is there: %s', async (status, type, there) => {
    expect(await findServer(BASE, answer(status, type))).toBe(there);
  });
  it('is not there without a network', async () => {
    expect(await findServer(BASE, () => Promise.reject(new TypeError('Failed to fetch')))).toBe(false);
  });
});
