/**
 * Memory of the gateway in workerd while large pictures pass through it, in and out: does it hold them?
 *
 *     npm run gateway-memory -w @fairweather/api
 *
 * 8 pictures of 30 MB at once, five times; a server that gives each back as it comes. Linux alone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ROUTES } from '@fairweather/core/contract';
import { Miniflare } from 'miniflare';
import { bundleGateway } from '../testing/worker-bundle.ts';

const [SIZE, AT_ONCE, ROUNDS] = [30_000_000, 8, 5];
const origin = createServer((request, response) => void request.pipe(response)).listen(0, '127.0.0.1');
await new Promise((resolve) => origin.once('listening', resolve));
const { port } = origin.address() as AddressInfo; // a TCP socket has one
const workerd = new Miniflare({
  modules: true,
  script: await bundleGateway(),
  compatibilityDate: '2026-07-01',
  bindings: { ORIGINS: `http://127.0.0.1:${port}` },
});
const url = new URL(ROUTES.restore, await workerd.ready);
const picture = new Uint8Array(SIZE);

await (await fetch(url, { method: 'POST', body: picture.subarray(0, 1000) })).arrayBuffer();
const idle = residentMb();
let highest = idle;
const watch = setInterval(() => {
  highest = Math.max(highest, residentMb());
}, 10);
let bytes = 0;
for (let round = 0; round < ROUNDS; round++)
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const response = await fetch(url, { method: 'POST', body: picture });
      for await (const chunk of response.body ?? []) bytes += chunk.length;
    }),
  );
clearInterval(watch);
const passed = AT_ONCE * ROUNDS * SIZE;
console.log(
  `${AT_ONCE * ROUNDS} pictures of ${SIZE / 1e6} MB, ${AT_ONCE} at once (${(AT_ONCE * SIZE) / 1e6} MB): ${bytes === passed ? 'all came back whole' : `${bytes} of ${passed} bytes came back`}`,
);
console.log(`memory of workerd: ${idle.toFixed(0)} MB idle, ${highest.toFixed(0)} MB at most`);
await workerd.dispose();
origin.close().closeAllConnections();

/** Of this process's child named workerd. */
function residentMb(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const status = readStatus(pid);
    if (/^Name:\s+workerd$/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status))
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1000;
  }
  return 0;
}

function readStatus(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
