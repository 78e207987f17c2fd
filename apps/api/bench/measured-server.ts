/** The server under measurement, a process of its own: tells its address, then its event loop's delay, its memory and its losses when asked. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type InferenceWorker, startInferenceWorker } from '../src/engine/start-worker.ts';
import { startTestServer } from '../testing/test-server.ts';

/** `loopP99Ms` is over and above the resolution of the timer, since the last time it was asked for; memory is the server's and its inference process's. */
export type ServerFacts = { readonly loopP99Ms: number; readonly serverMb: number; readonly inferenceMb: number; readonly crashes: number };

export type MeasuredServer = { readonly url: string; readonly process: ChildProcess; ask(): Promise<ServerFacts>; end(): Promise<void> };

/** @param environment `FAIRWEATHER_` variables of the server, with one CPU thread for inference if they say nothing else */
export async function startMeasuredServer(environment: Readonly<Record<string, string>>): Promise<MeasuredServer> {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, ...environment } });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const ask = async (): Promise<ServerFacts> => {
    const answer = once(child, 'message');
    child.send('facts');
    return ((await answer) as [ServerFacts])[0];
  };
  const end = async (): Promise<void> => {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  };
  return { url, process: child, ask, end };
}

const RESOLUTION_MS = 1;

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve();

async function serve(): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const workers: InferenceWorker[] = [];
  const startWorker = async (): Promise<InferenceWorker> => {
    const worker = await startInferenceWorker({ backends: ['cpu'], threads: Number(process.env.FAIRWEATHER_THREADS ?? '1'), modelsDir: undefined });
    workers.push(worker);
    return worker;
  };
  const environment = Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith('FAIRWEATHER_') && entry[1] !== undefined);
  const server = await startTestServer(Object.fromEntries(environment), startWorker);
  await server.ready;
  delay.enable();
  process.on('message', () => {
    const facts: ServerFacts = {
      loopP99Ms: delay.percentile(99) / 1e6 - RESOLUTION_MS,
      serverMb: process.memoryUsage().rss / 1e6,
      inferenceMb: residentMb(workers.at(-1)?.pid ?? 0),
      crashes: server.engine.status().crashes,
    };
    delay.reset();
    process.send?.(facts);
  });
  process.on('SIGTERM', () => void server.close().then(() => process.exit()));
  process.send?.({ url: server.url });
}

/** Of another process; on Linux. */
function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
}
