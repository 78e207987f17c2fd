/**
 * Sends generated malformed uploads to a real server and prints what became of them; ends with 1 when one was not a 4xx problem.
 *
 *     npm run malformed -w @fairweather/api                        2,000 uploads of seed 2
 *     npm run malformed -w @fairweather/api -- --count 500 --seed 9
 */
import { parseArgs } from 'node:util';
import { generateMalformed } from '../testing/malformed-uploads.ts';
import { sendMalformed } from '../testing/send-malformed.ts';
import { startTestServer } from '../testing/test-server.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '2000' }, seed: { type: 'string', default: '2' } } });
const [count, seed] = [Number(values.count), Number(values.seed)];
const server = await startTestServer({
  FAIRWEATHER_QUEUE: '32',
  FAIRWEATHER_QUEUE_PER_CLIENT: '32',
  FAIRWEATHER_BODY_TIMEOUT_MS: '3000',
  FAIRWEATHER_MAX_PIXELS: '1000000',
});
await server.ready;
const rss = (): number => Math.round(process.memoryUsage().rss / 1e6);
const memory: number[] = [];
const begin = performance.now();
const { sent, byStatus, faults } = await sendMalformed(server.url, generateMalformed(seed, count), {
  onSent: (n) => {
    if (n % Math.ceil(count / 10) === 0) memory.push(rss());
  },
});
console.log(`${sent} uploads of seed ${seed} in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
console.log(
  `by status: ${Object.entries(byStatus)
    .map(([status, n]) => `${status}: ${n}`)
    .join(', ')}`,
);
console.log(`memory of the server's process after each tenth, MB: ${memory.join(', ')}`);
console.log(`inference processes lost: ${server.engine.status().crashes}; faults: ${faults.length}`);
for (const fault of faults) console.log(`  ${fault}`);
await server.close();
process.exitCode = faults.length === 0 ? 0 : 1;
