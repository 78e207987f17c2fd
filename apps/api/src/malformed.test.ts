import { expect, it } from 'vitest';
import { generateMalformed } from '../testing/malformed-uploads.ts';
import { sendMalformed } from '../testing/send-malformed.ts';
import { startTestServer } from '../testing/test-server.ts';

/** `npm run malformed` sends 2,250. */
const COUNT = 300;

it('generates the same uploads from the same seed', async () => {
  const [a, b] = await Promise.all([1, 1].map((seed) => Array.fromAsync(generateMalformed(seed, 50))));
  expect(a).toEqual(b);
  expect(new Set(a?.map(({ what }) => what)).size).toBeGreaterThan(5);
});

it('malformed uploads end as problems of the client, and the server lives', async () => {
  const server = await startTestServer({
    FAIRWEATHER_QUEUE: '32',
    FAIRWEATHER_QUEUE_PER_CLIENT: '32',
    FAIRWEATHER_BODY_TIMEOUT_MS: '3000',
    FAIRWEATHER_MAX_PIXELS: '1000000',
  });
  try {
    await server.ready;
    const { sent, refused, stillPictures, faults } = await sendMalformed(server.url, generateMalformed(1, COUNT));
    expect([sent, refused + stillPictures, faults]).toEqual([COUNT, COUNT, []]);
    expect(refused).toBeGreaterThan(0.8 * COUNT);
    expect(server.engine.status()).toMatchObject({ state: 'ready', workers: 1, crashes: 0, taken: 0 });
  } finally {
    await server.close();
  }
}, 240_000);
