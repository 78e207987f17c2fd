/**
 * Measured service times -> `docs/scale.md` with its plots: how many servers for how many photographs a day, what a cold start costs, and what is
 * next to be full.
 *
 *     npm run scale -w @fairweather/api
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceTimes } from './measure.ts';
import { createRandom, findFewest, percentile, simulate } from './queue-simulation.ts';
import { drawLines, type Line } from './plot.ts';

/** Shares of the measured sizes, small to large. */
const MIX = [0.4, 0.4, 0.2];
/** The busiest moment of a day against its mean. */
const PEAK = 2;
const WANTED_SEC = 2;
/** Requests of one run: enough for a p95 that is steady to a few per cent. */
const REQUESTS = 100_000;
const DAYS = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const SPEEDS = [1, 10, 50];
const SECONDS_A_DAY = 86_400;
/** Of the load, at once. */
const GROWTHS = [1.5, 2, 4];
/** What `npm run jobs` counted. */
const REDIS_COMMANDS_A_JOB = 87;
/** Of one Redis a second; what `redis-benchmark` measured. */
const REDIS_COMMANDS = 43_000;
/** Of a picture, in and out together. */
const MEGABYTES = 1;

const measured = JSON.parse(readFileSync(fileURLToPath(new URL('service-times.json', import.meta.url)), 'utf8')) as ServiceTimes; // written by measure.ts
const mixed = measured.sizes.flatMap(({ seconds }, i) => Array.from({ length: Math.round(1000 * (MIX[i] ?? 0)) }, (_, n) => seconds[n % seconds.length] ?? 0));
const mean = mixed.reduce((sum, value) => sum + value, 0) / mixed.length;

const fleets = SPEEDS.map((speed) => ({ speed, servers: DAYS.map((day) => fewestServers(day, speed)) }));
const colds = [0, 5, 15, 60, 180].map((seconds) => ({ seconds, late: GROWTHS.map((factor) => shareLate(factor, seconds)) }));
writeDoc(
  'scale-servers.svg',
  drawLines({
    title: 'Servers for p95 ≤ 2 s',
    x: 'photographs a day',
    y: 'servers',
    logX: true,
    logY: true,
    lines: fleets.map(toLine).filter(({ points }) => points.length > 0),
  }),
);
writeDoc(
  'scale-cold-start.svg',
  drawLines({
    title: 'Requests over 2 s in the 5 minutes after the load grew',
    x: 'cold start, seconds',
    y: 'share of requests, %',
    logX: false,
    logY: false,
    lines: GROWTHS.map((factor, i): Line => ({ name: `load times ${factor}`, points: colds.map(({ seconds, late }) => [seconds, 100 * (late[i] ?? 0)]) })),
  }),
);
writeDoc('scale.md', page());

/** None where the work alone takes longer than is wanted. */
function fewestServers(day: number, speed: number): number | undefined {
  const rate = (PEAK * day) / SECONDS_A_DAY;
  const times = mixed.map((seconds) => seconds / speed);
  if (percentile(times, 0.95) > WANTED_SEC) return undefined;
  const load = { rate: () => rate, maxRate: rate, seconds: REQUESTS / rate };
  const fits = (servers: number): boolean =>
    percentile(
      simulate(load, { servers }, times, createRandom(1)).map(({ took }) => took),
      0.95,
    ) <= WANTED_SEC;
  return findFewest(fits, Math.ceil((rate * mean) / speed));
}

/** Of a fleet that was right for its load, when that grows at once and the servers for it are there after a cold start. */
function shareLate(factor: number, coldStartSec: number): number {
  const [day, speed] = [1e7, 10];
  const rate = (PEAK * day) / SECONDS_A_DAY;
  const [before = 1, after = 1] = [fewestServers(day, speed), fewestServers(day * factor, speed)];
  const times = mixed.map((seconds) => seconds / speed);
  const grewAt = 60;
  const load = { rate: (at: number) => (at < grewAt ? rate : rate * factor), maxRate: rate * factor, seconds: grewAt + 300 };
  const later = Array.from({ length: after - before }, () => grewAt + coldStartSec);
  const afterwards = simulate(load, { servers: before, later }, times, createRandom(1)).filter(({ at }) => at >= grewAt);
  return afterwards.filter(({ took }) => took > WANTED_SEC).length / afterwards.length;
}

function toLine({ speed, servers }: (typeof fleets)[number]): Line {
  return {
    name: speed === 1 ? 'measured' : `${speed} times as fast`,
    points: DAYS.flatMap((day, i) => (servers[i] === undefined ? [] : [[day, servers[i]] as const])),
  };
}

function page(): string {
  const peak = (day: number): number => (PEAK * day) / SECONDS_A_DAY;
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const number = (value: number): string => (value >= 10 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2));
  return `# Scale: how many servers, and what is next to be full

Written by \`npm run scale -w @fairweather/api\`: a simulation of one queue in front of many servers, held against Erlang's formula by its tests, and fed with
service times measured by \`npm run scale:measure -w @fairweather/api\` on ${measured.machine}, ${measured.threads} threads, CPU, ${measured.model}, which other work shared:
${measured.sizes.map(({ width, height, seconds }) => `${width} x ${height} in ${percentile(seconds, 0.5).toFixed(2)} s`).join(', ')}.

Assumed, not measured: ${MIX.map((share) => `${100 * share} %`).join(', ')} of the photographs have these sizes; the busiest moment has ${PEAK} times the mean load of the day; arrivals are
random. No GPU was at hand: the columns of faster servers are the same times divided, to be replaced by measured ones.

## Servers for p95 ≤ ${WANTED_SEC} s at the busiest moment

${row(['photographs a day', 'requests a second', ...SPEEDS.map((speed) => (speed === 1 ? 'this machine' : `${speed} times as fast`))])}
${row(['---', ...['', ...SPEEDS].map(() => '---')])}
${DAYS.map((day, i) => row([day.toLocaleString('en-US'), number(peak(day)), ...fleets.map(({ servers }) => servers[i]?.toLocaleString('en-US') ?? 'none is enough')])).join('\n')}

![Servers by photographs a day](scale-servers.svg)

"None is enough": on the CPU of this machine the work alone has a p95 of ${percentile(mixed, 0.95).toFixed(1)} s. From a thousand servers on the queue hardly matters: what is needed is the load times the mean service time (${mean.toFixed(2)} s here), and a few per cent.

## What a cold start costs

Ten million photographs a day on servers 10 times as fast, when the load grows at once and the servers for it are there one cold start later: the share of
requests over ${WANTED_SEC} s in the next five minutes.

${row(['cold start', ...GROWTHS.map((factor) => `load times ${factor}`)])}
${row(['---', ...GROWTHS.map(() => '---')])}
${colds.map(({ seconds, late }) => row([`${seconds} s`, ...late.map((share) => `${(100 * share).toFixed(1)} %`)])).join('\n')}

![Late requests by cold start](scale-cold-start.svg)

The server itself is ready about 5 s after its process begins (\`coldStartMs\` in its log; \`npm run check-image\`); the rest is the platform's: a machine, the image, the
driver. Requests beyond the places of a server are refused with \`Retry-After\` instead of waiting, which this simulation does not do: it shows the wait they would have had.

## What is next to be full

${row(['photographs a day', 'pictures in and out, Gbit/s', 'Redis commands a second', 'objects written a second', 'kept for an hour, TB'])}
${row(['---', '---', '---', '---', '---'])}
${DAYS.map((day) => row([day.toLocaleString('en-US'), number((peak(day) * MEGABYTES * 8) / 1000), number(peak(day) * REDIS_COMMANDS_A_JOB), number(peak(day) * 2), number((peak(day) * 3600 * MEGABYTES * 0.5) / 1e6)])).join('\n')}

With ${MEGABYTES} MB a photograph in and out together, ${REDIS_COMMANDS_A_JOB} Redis commands a job (\`npm run jobs -w @fairweather/api\` counts them), two objects a job. Direct requests need neither Redis nor storage.

- **Redis** is the first: one server did ${REDIS_COMMANDS.toLocaleString('en-US')} commands a second here (\`redis-benchmark -n 100000 -t set,get -c 20\`), which is enough for the
  jobs of ${Math.round(((REDIS_COMMANDS / REDIS_COMMANDS_A_JOB / PEAK) * SECONDS_A_DAY) / 1e6)} million photographs a day. Beyond that run groups of servers, each with a Redis and a bucket of its own, behind one gateway. Nothing is shared between groups but keys.
- **Storage** comes next: buckets have limits by prefix in the order of thousands of writes a second; groups have buckets of their own.
- **The gateway** holds no pictures and no state, so it grows with the platform; at a billion photographs a day its traffic is the bill, not its work.
`;
}

function writeDoc(name: string, text: string): void {
  writeFileSync(fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url)), text);
}
