/**
 * Many jobs of two clients, three server processes on one real Redis, the real model: is one lost, is one done twice, do clients take turns, does
 * memory stay flat?
 *
 *     npm run jobs -w @fairweather/api                      10,000 jobs; a PNG of 16 x 16 each
 *     npm run jobs -w @fairweather/api -- --count 500
 */
import { arch, cpus, platform } from 'node:os';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { runManyJobs } from '../testing/many-jobs.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000' }, servers: { type: 'string', default: '3' } } });
const [count, serverCount] = [Number(values.count), Number(values.servers)];
console.log(
  `${platform()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; ${count} jobs, ${serverCount} servers, 1 CPU thread each`,
);
const { seconds, byServer, notDone, withResult, begunTwice, furthestAhead, memoryMb } = await runManyJobs(count, serverCount, tellRedis);
console.log(`${count} jobs in ${seconds.toFixed(0)} s (${(count / seconds).toFixed(1)} a second), by server: ${byServer.join(', ')}`);
console.log(`not done: ${notDone}; with a result: ${withResult}; begun more than once: ${begunTwice}`);
console.log(`one client was never more than ${furthestAhead} jobs ahead of the other`);
console.log(`memory of the servers after each tenth, MB: ${memoryMb.map((row) => row.map(Math.round).join('/')).join(', ')}`);
process.exitCode = notDone === 0 && withResult === count && begunTwice === 0 ? 0 : 1;

async function tellRedis(url: string): Promise<void> {
  const client = new Redis(url);
  const commands = Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
  const bytes = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  client.disconnect();
  console.log(
    `Redis: ${(commands / count).toFixed(0)} commands a job, those of Lua scripts and of waiting servers included; ${(bytes / count / 1000).toFixed(1)} kB a job that is kept`,
  );
}
