/**
 * Memory of the gateway in workerd while large pictures pass through it, in and out: does it hold them? 8 pictures of 30 MB at once, five times; a
 * server that gives each back as it comes. Then 8 more with results going into the Cache API and R2, which miniflare keeps in the same process.
 *
 *     npm run gateway-memory -w @fairweather/api
 */
import { createHash } from 'node:crypto';
import { ROUTES } from '@fairweather/core/contract';
import { Miniflare } from 'miniflare';
import { bundleGateway } from '../deploy/bundle-gateway.ts';
import { createOriginServers, stream } from '../testing/gateway-origins.ts';
import { watchWorkerdMemory } from '../testing/workerd-memory.ts';

const [SIZE, AT_ONCE] = [30_000_000, 8];
const servers = createOriginServers();
const origin = await servers.start(stream);
const picture = new Uint8Array(SIZE);
for (const [cached, rounds] of [
  [false, 5],
  [true, 1],
] as const) {
  const workerd = new Miniflare({
    modules: true,
    script: await bundleGateway('workers'),
    compatibilityDate: '2026-07-01',
    bindings: { ORIGINS: origin, ...(cached ? { CACHE_SECONDS: '60' } : {}) },
    ...(cached ? { r2Buckets: ['RESULTS'] } : {}),
  });
  const url = new URL(ROUTES.restore, await workerd.ready);
  await (await fetch(url, { method: 'POST', body: picture.subarray(0, 1000) })).arrayBuffer();
  let bytes = 0;
  const begin = performance.now();
  const { idleMb, highestMb } = await watchWorkerdMemory(async () => {
    for (let round = 0; round < rounds; round++)
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, i) => {
          const digest = createHash('sha256').update(`${round} ${i}`).digest('base64'); // of its own, so that none is found
          const response = await fetch(url, { method: 'POST', body: picture, headers: cached ? { 'Content-Digest': `sha-256=:${digest}:` } : {} });
          for await (const chunk of response.body ?? []) bytes += chunk.length;
        }),
      );
  });
  const passed = AT_ONCE * rounds * SIZE;
  const what = `${AT_ONCE * rounds} pictures of ${SIZE / 1e6} MB, ${AT_ONCE} at once${cached ? ', results kept' : ''}`;
  const whole = bytes === passed ? 'all came back whole' : `${bytes} of ${passed} bytes came back`;
  console.log(
    `${what}: ${whole} in ${((performance.now() - begin) / 1000).toFixed(0)} s; workerd ${idleMb.toFixed(0)} MB idle, ${highestMb.toFixed(0)} MB at most`,
  );
  if (bytes !== passed) process.exitCode = 1;
  await workerd.dispose();
}
servers.closeAll();
