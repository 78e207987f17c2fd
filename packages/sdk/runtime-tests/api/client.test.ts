/** The client against the API by its app, against a real server by a socket, and on Node's engine: one suite. */
import { createNodeRestorer } from '@fairweather/core/node';
import { afterAll, describe } from 'vitest';
import { createFakeApp } from '../../../../apps/api/testing/fake-app.ts';
import { createFakeWorkers } from '../../../../apps/api/testing/fake-workers.ts';
import { startTestServer } from '../../../../apps/api/testing/test-server.ts';
import { type Client, createClientWith } from '../../src/client.ts';
import type { ClientOptions } from '../../src/client-options.ts';
import { createNodeEngine } from '../../src/node/index.ts';
import { detectPlatform } from '../../src/platform.ts';
import { createRouter } from '../../src/router.ts';
import { describeClient, rainyPicture } from '../../testing/client-suite.ts';

const restorer = await createNodeRestorer({ backend: 'cpu' });
const reference = rainyPicture
  .arrayBuffer()
  .then((bytes) => restorer.restore(new Uint8Array(bytes), { seed: 5 }))
  .then(({ image }) => new Blob([image]));
const open = (options: ClientOptions): Client =>
  createClientWith(options, {
    platform: detectPlatform(),
    openRouter: async (settings, platform, remote) =>
      createRouter({ settings, platform, remote, loadEngine: async () => (engine) => createNodeEngine({ ...engine, provider: 'cpu' }) }),
  });

describe('through app.request', async () => {
  const settings = { maxBodyBytes: 1_000_000, deadlineMs: 60_000, bodyTimeoutMs: 5000, queuePerClient: 8 };
  const workers = createFakeWorkers('at-once', ({ kind, input, options }, onProgress) =>
    restorer[kind](Uint8Array.from(input), {
      ...options,
      onProgress: (event) => (event.type === 'phase' || event.type === 'step' || event.type === 'tile') && onProgress?.(event),
    }),
  );
  const { app } = await createFakeApp(settings, { workers, engine: { queue: 8 } });
  describeClient(open({ backend: 'remote', baseUrl: 'http://api.test', fetch: async (url, init) => app.request(String(url), init) }), reference, 'small');
  afterAll(() => restorer.dispose());
});

describe('through a socket', async () => {
  const server = await startTestServer();
  afterAll(() => server.close());
  describeClient(open({ backend: 'remote', baseUrl: server.url }), reference);
});

describe('on the engine of Node', () => {
  const client = open({ backend: 'node' });
  describeClient(client, reference);
  afterAll(() => client.dispose());
});
