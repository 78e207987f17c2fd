/** The server of `load.ts`, a process of its own: tells its address, then its event loop's delay and its memory when asked. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type InferenceWorker, startInferenceWorker } from '../src/engine/start-worker.ts';
import { startTestServer } from '../testing/test-server.ts';

/** `loopP99Ms` is over and above the resolution of the timer, since the last time it was asked for. */
export type ServerFacts = { readonly loopP99Ms: number; readonly rssMb: number };

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const workers: InferenceWorker[] = [];
const threads = Number(process.env.FAIRWEATHER_THREADS ?? '1');
const startWorker = async (): Promise<InferenceWorker> => {
  const worker = await startInferenceWorker({ backend: 'cpu', threads, modelsDir: undefined });
  workers.push(worker);
  return worker;
};
const environment = {
  FAIRWEATHER_QUEUE: process.env.FAIRWEATHER_QUEUE ?? '16',
  FAIRWEATHER_QUEUE_PER_CLIENT: process.env.FAIRWEATHER_QUEUE_PER_CLIENT ?? '16',
};
const server = await startTestServer(environment, startWorker);
await server.ready;
delay.enable();
process.on('message', () => {
  const facts: ServerFacts = {
    loopP99Ms: delay.percentile(99) / 1e6 - RESOLUTION_MS,
    rssMb: process.memoryUsage().rss / 1e6 + sum(workers.map(({ pid }) => residentMb(pid))),
  };
  delay.reset();
  process.send?.(facts);
});
process.on('SIGTERM', () => void server.close().then(() => process.exit()));
process.send?.({ url: server.url });

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of another process; on Linux. */
function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
}
