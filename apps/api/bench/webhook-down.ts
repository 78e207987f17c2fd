/**
 * A receiver of webhooks that is away for a minute while jobs end: is each of them told of once it is back, once, and how long does that take? By
 * the real schedule; jobs in SQLite, without inference.
 *
 *     npm run webhook-down -w @fairweather/api
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createJobId, type JobOutcome, type JobSpec } from '../src/jobs/job.ts';
import { openSqliteQueue } from '../src/jobs/sqlite-queue.ts';
import { webhookDelayMs } from '../src/jobs/webhook.ts';
import { openWebhookReceiver } from '../testing/webhook-receiver.ts';

const [COUNT, AWAY_MS, PATIENCE_MS] = [20, 60_000, 300_000];
const receiver = await openWebhookReceiver();
await receiver.goAway();
const outcome: JobOutcome = { state: 'failed', code: 'corrupt-image', detail: 'Broken.' };
const queue = openSqliteQueue(':memory:', {
  concurrency: 1,
  maxWaiting: COUNT,
  keepMs: 3_600_000,
  maxStarts: 3,
  webhookDelayMs,
  onEnded: () => {},
  onError: console.error,
});
const specs = Array.from(
  { length: COUNT },
  (): JobSpec => ({ id: createJobId(), client: 'a', requestId: 'r', options: {}, createdAt: Date.now(), webhook: receiver.url }),
);
await queue.add(specs);
queue.start({ run: async () => outcome, notify: receiver.notify });
await wait(AWAY_MS);
await receiver.comeBack();
const back = performance.now();
while (receiver.received.length < COUNT && performance.now() - back < PATIENCE_MS) await wait(50);
const seconds = (performance.now() - back) / 1000;
await wait(5000); // for one that would come twice
const told = new Set(receiver.received.map(({ data }) => data.id));
console.log(
  `${COUNT} jobs ended while their receiver was away for ${AWAY_MS / 1000} s: ${receiver.missed()} deliveries failed; ${told.size} told of, ${receiver.received.length - told.size} twice, the last ${seconds.toFixed(0)} s after it was back`,
);
await queue.close(0);
await receiver.goAway();
process.exitCode = told.size === COUNT && receiver.received.length === COUNT ? 0 : 1;
