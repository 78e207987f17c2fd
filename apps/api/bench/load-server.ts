/** The server of `load.ts`, a process of its own: tells its address, then its event loop's delay and its memory when asked. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startTestServer } from '../testing/test-server.ts';

/** `loopP99Ms` is over and above the resolution of the timer, since the last time it was asked for. */
export type ServerFacts = { readonly loopP99Ms: number; readonly rssMb: number };

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const server = await startTestServer({
  FAIRWEATHER_THREADS: process.env.FAIRWEATHER_THREADS ?? '1',
  FAIRWEATHER_QUEUE: process.env.FAIRWEATHER_QUEUE ?? '16',
  FAIRWEATHER_QUEUE_PER_CLIENT: process.env.FAIRWEATHER_QUEUE_PER_CLIENT ?? '16',
});
await server.ready;
delay.enable();
process.on('message', () => {
  const facts: ServerFacts = { loopP99Ms: delay.percentile(99) / 1e6 - RESOLUTION_MS, rssMb: process.memoryUsage().rss / 1e6 };
  delay.reset();
  process.send?.(facts);
});
process.on('SIGTERM', () => void server.close().then(() => process.exit()));
process.send?.({ url: server.url });
