import type { Manifest, ModelSpec } from '@fairweather/core';
import { describe, expect, it } from 'vitest';
import { createApp } from './app.ts';

// The app looks at these facts alone.
const facts = { version: '1.2.3', title: 'Small', licence: 'Apache-2.0', weathers: ['rain', 'haze'] };
const manifest: Manifest = {
  version: 1,
  defaultModel: 'small',
  models: { small: facts as unknown as ModelSpec, other: { ...facts, title: 'Other' } as unknown as ModelSpec },
};
const app = createApp({ manifest });

describe('the API', () => {
  it('says that it is alive', async () => {
    const response = await app.request('/livez');
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
  });

  it('lists the models of the manifest and marks the default one', async () => {
    const response = await app.request('/v1/models');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      models: [
        { name: 'small', ...facts, default: true },
        { name: 'other', ...facts, title: 'Other', default: false },
      ],
    });
  });

  it('knows no other path', async () => {
    expect((await app.request('/v1/nothing')).status).toBe(404);
  });
});
