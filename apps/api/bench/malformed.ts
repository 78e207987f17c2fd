/**
 * Sends generated malformed uploads to a real server and prints what became of them; ends with 1 when one was neither refused with a 4xx problem nor a valid picture.
 *
 *     npm run malformed -w @fairweather/api                        2,250 uploads of seed 2: some of the damage leaves valid pictures
 *     npm run malformed -w @fairweather/api -- --count 500 --seed 9
 */
import { parseArgs } from 'node:util';
import { generateMalformed } from '../testing/malformed-uploads.ts';
import { sendMalformed } from '../testing/send-malformed.ts';
import { type ServerFacts, startMeasuredServer } from './measured-server.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '2250' }, seed: { type: 'string', default: '2' } } });
const [count, seed] = [Number(values.count), Number(values.seed)];
const server = await startMeasuredServer({
  FAIRWEATHER_QUEUE: '32',
  FAIRWEATHER_QUEUE_PER_CLIENT: '32',
  FAIRWEATHER_BODY_TIMEOUT_MS: '3000',
  FAIRWEATHER_MAX_PIXELS: '1000000',
});
const memory: Promise<ServerFacts>[] = [];
const begin = performance.now();
const { sent, refused, stillPictures, byStatus, faults } = await sendMalformed(server.url, generateMalformed(seed, count), {
  onSent: (n) => {
    if (n % Math.ceil(count / 10) === 0) memory.push(server.ask());
  },
});
console.log(`${sent} uploads of seed ${seed} in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
console.log(`${refused} refused with 4xx problems; ${stillPictures} are valid pictures all the same, restored with 200`);
console.log(
  `by status: ${Object.entries(byStatus)
    .map(([status, n]) => `${status}: ${n}`)
    .join(', ')}`,
);
const facts = await Promise.all(memory);
console.log(`memory of the server after each tenth, MB: ${facts.map(({ serverMb }) => Math.round(serverMb)).join(', ')}`);
console.log(`memory of its inference process, MB: ${facts.map(({ inferenceMb }) => Math.round(inferenceMb)).join(', ')}`);
console.log(`inference processes lost: ${facts.at(-1)?.crashes}; faults: ${faults.length}`);
for (const fault of faults) console.log(`  ${fault}`);
await server.end();
process.exitCode = faults.length === 0 ? 0 : 1;
