/**
 * Many jobs of two clients, three server processes on one real Redis, the real model: is one lost, is one done twice, do clients take turns, does
 * memory stay flat? One client hands in all of its jobs before the other hands in any.
 *
 *     npm run jobs -w @fairweather/api                      10,000 jobs; a PNG of 16 x 16 each
 *     npm run jobs -w @fairweather/api -- --count 500
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, cpus, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startRedis } from '../testing/redis-server.ts';
import { paintPicture } from '../testing/test-server.ts';
import { openBullmqQueue } from '../src/jobs/bullmq-queue.ts';
import { openFolderStore } from '../src/jobs/folder-store.ts';
import { createJobId, inputName, type JobSpec, resultName } from '../src/jobs/job.ts';
import type { JobServerReport } from './job-server.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000' }, servers: { type: 'string', default: '3' } } });
const [count, serverCount] = [Number(values.count), Number(values.servers)];
const folder = await mkdtemp(join(tmpdir(), 'fairweather-jobs-bench-'));
const redis = await startRedis();
console.log(
  `${platform()} ${arch()}, ${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; ${count} jobs, ${serverCount} servers, 1 CPU thread each`,
);

const blobs = await openFolderStore(join(folder, 'pictures'));
const settings = {
  concurrency: 1,
  maxWaiting: count,
  keepMs: 3_600_000,
  maxStarts: 3,
  webhookDelayMs: () => undefined,
  onEnded: () => {},
  url: redis.url,
  lockMs: 30_000,
  onError: console.error,
};
const queue = await openBullmqQueue(settings);
const picture = await paintPicture(16, 16);
const specs = ['first', 'second'].flatMap((client) =>
  Array.from({ length: count / 2 }, (): JobSpec => ({ id: createJobId(), client, requestId: client, options: {}, createdAt: Date.now() })),
);
for (const { id } of specs) await blobs.put(inputName(id), picture);
for (const half of [specs.slice(0, count / 2), specs.slice(count / 2)]) // a client each
  for (let at = 0; at < half.length; at += 100) await queue.add(half.slice(at, at + 100));
console.log(`accepted: ${(await queue.counts()).waiting} wait`);

const begin = performance.now();
const servers = Array.from({ length: serverCount }, () => fork(fileURLToPath(new URL('./job-server.ts', import.meta.url)), [redis.url, folder]));
const memory: number[][] = [];
let left = count;
for (let part = 9; part >= 0; part--) {
  while (left > (count * part) / 10) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { waiting, running } = await queue.counts();
    left = waiting + running;
  }
  memory.push(servers.map(({ pid }) => residentMb(pid ?? 0)));
}
const seconds = (performance.now() - begin) / 1000;
const reports = await Promise.all(
  servers.map(async (server) => {
    const answer = once(server, 'message');
    server.send('report');
    const [report] = (await answer) as [JobServerReport];
    server.kill('SIGKILL');
    return report;
  }),
);

const runs = reports.flatMap(({ begun }) => begun).sort((a, b) => a.at - b.at);
const times = new Map<string, number>();
for (const { id } of runs) times.set(id, (times.get(id) ?? 0) + 1);
let [lost, withResult] = [0, 0];
for (const { id } of specs) {
  if ((await queue.find(id))?.state !== 'done') lost++;
  if ((await blobs.get(resultName(id))) !== undefined) withResult++;
}
const clientOf = new Map(specs.map(({ id, client }) => [id, client]));
let [ahead, furthest] = [0, 0];
for (const { id } of runs) {
  ahead += clientOf.get(id) === 'first' ? 1 : -1;
  furthest = Math.max(furthest, Math.abs(ahead));
}
console.log(
  `${count} jobs in ${seconds.toFixed(0)} s (${(count / seconds).toFixed(1)} a second), by server: ${reports.map(({ begun }) => begun.length).join(', ')}`,
);
console.log(`not done: ${lost}; with a result: ${withResult}; begun more than once: ${[...times.values()].filter((n) => n > 1).length}`);
console.log(`one client was never more than ${furthest} jobs ahead of the other`);
console.log(`memory of the servers after each tenth, MB: ${memory.map((row) => row.map(Math.round).join('/')).join(', ')}`);
const client = new Redis(redis.url);
const commands = Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
const bytes = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
client.disconnect();
console.log(
  `Redis: ${(commands / count).toFixed(0)} commands a job, those of Lua scripts and of waiting servers included; ${(bytes / count / 1000).toFixed(1)} kB a job that is kept`,
);
await queue.close(0);
await redis.close();
await rm(folder, { recursive: true });
process.exitCode = lost === 0 && withResult === count && runs.length === count ? 0 : 1;

/** Of another process; on Linux. */
function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
}
