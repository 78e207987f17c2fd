/**
 * Load over loopback, in one run: what one bare restorer does alone, then what 8 clients get through the API; the event loop's delay; then
 * three times as many clients as there are places; then memory over many requests. The server and the clients are processes of their own.
 *
 *     npm run load -w @fairweather/api                         60 s of load, 2,000 requests for memory
 *     npm run load -w @fairweather/api -- --seconds 5 --soak 100
 */
import { arch, cpus, platform } from 'node:os';
import { parseArgs } from 'node:util';
import { createNodeRestorer } from '@fairweather/core/node';
import { ROUTES } from '@fairweather/core/contract';
import { paintPicture } from '../testing/test-server.ts';
import { type ServerFacts, startMeasuredServer } from './measured-server.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, soak: { type: 'string', default: '2000' }, threads: { type: 'string', default: '1' } },
});
const [seconds, soak, threads] = [Number(values.seconds), Number(values.soak), Number(values.threads)];
const CLIENTS = 8;
const QUEUE = 7; // with one worker: as many places as clients
const picture = await paintPicture(256, 256, 'png');
console.log(
  `${platform()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; PNG 256 x 256, ${threads} CPU thread(s) for inference`,
);

// The bare session and the load take turns, so that both see the same machine.
const restorer = await createNodeRestorer({ backend: 'cpu', threads });
await restorer.restore(picture);
const server = await startMeasuredServer({
  FAIRWEATHER_THREADS: String(threads),
  FAIRWEATHER_QUEUE: String(QUEUE),
  FAIRWEATHER_QUEUE_PER_CLIENT: '64',
});
const send = async (): Promise<number> => {
  const response = await fetch(server.url + ROUTES.restore, { method: 'POST', body: picture });
  await response.arrayBuffer();
  if (response.status === 503 && !response.headers.has('Retry-After')) throw new Error('A 503 without Retry-After.');
  return response.status;
};

const ROUNDS = 12; // many short turns: a busy machine disturbs both alike
let [bare, served, bareMs, servedMs] = [0, 0, 0, 0];
await send();
await server.ask(); // the event loop's delay counts from here
for (let round = 0; round < ROUNDS; round++) {
  const bareBegin = performance.now();
  while (performance.now() - bareBegin < (seconds * 1000) / ROUNDS) {
    await restorer.restore(picture);
    bare++;
  }
  bareMs += performance.now() - bareBegin;
  const begin = performance.now();
  const statuses = await Promise.all(Array.from({ length: CLIENTS }, () => repeat(() => performance.now() - begin < (seconds * 1000) / ROUNDS)));
  servedMs += performance.now() - begin;
  served += statuses.flat().filter((status) => status === 200).length;
}
const [barePerSecond, servedPerSecond] = [(1000 * bare) / bareMs, (1000 * served) / servedMs];
const { loopP99Ms } = await server.ask();
console.log(
  `bare restorer: ${barePerSecond.toFixed(2)} pictures/s; ${CLIENTS} clients through the API: ${servedPerSecond.toFixed(2)} pictures/s; ratio ${(servedPerSecond / barePerSecond).toFixed(3)} (wanted >= 0.95)`,
);
console.log(`event loop of the server: p99 ${loopP99Ms.toFixed(1)} ms (wanted <= 20)`);
await restorer.dispose();

const overload = await Promise.all(Array.from({ length: 3 * (QUEUE + 1) }, send));
console.log(
  `${overload.length} at once on ${QUEUE + 1} places: ${count(overload, 200)} restored, ${count(overload, 503)} refused with Retry-After, ${overload.length - count(overload, 200) - count(overload, 503)} lost`,
);

const memory: ServerFacts[] = [await server.ask()];
for (let part = 0; part < 8; part++) {
  for (let i = 0; i < soak / 8; i++) await send();
  memory.push(await server.ask());
}
console.log(`memory before and after each eighth of ${soak} requests, MB`);
console.log(`  of the server: ${memory.map(({ serverMb }) => Math.round(serverMb)).join(', ')}`);
console.log(`  of its inference process: ${memory.map(({ inferenceMb }) => Math.round(inferenceMb)).join(', ')}`);
await server.end();

async function repeat(goesOn: () => boolean): Promise<number[]> {
  const statuses: number[] = [];
  while (goesOn()) statuses.push(await send());
  return statuses;
}

function count(statuses: readonly number[], wanted: number): number {
  return statuses.filter((status) => status === wanted).length;
}
