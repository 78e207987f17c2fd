/** What every queue of jobs must do: one suite for both of them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createJobId,
  type DoneOutcome,
  ENDED_REVISION,
  type Job,
  type JobHandlers,
  type JobOutcome,
  type JobQueue,
  type JobSpec,
  type QueueSettings,
} from '../src/jobs/job.ts';
import { webhookDelayMs } from '../src/jobs/webhook.ts';
import { openWebhookReceiver } from './webhook-receiver.ts';

export type QueueBackend = {
  /** Before all tests; and before each, which finds nothing in the queue. */
  prepare(): Promise<void>;
  empty(): Promise<void>;
  /** Opened again, it has what it had. */
  open(settings: QueueSettings): Promise<JobQueue>;
  dispose(): Promise<void>;
};

const done: DoneOutcome = { state: 'done', mediaType: 'image/png', width: 1, height: 1, bytes: 1, report: {} as DoneOutcome['report'] }; // queues do not look at it
const hundredth = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 100);
const PATIENT = { timeout: 15_000, interval: 10 };

export function describeQueue(name: string, backend: QueueBackend): void {
  describe(`jobs on ${name}`, () => {
    const open: JobQueue[] = [];
    const ended: string[] = [];
    beforeAll(() => backend.prepare());
    afterAll(() => backend.dispose());
    beforeEach(async () => {
      ended.splice(0);
      await backend.empty();
    });
    afterEach(async () => {
      for (const queue of open.splice(0)) await queue.close(0);
    });

    const openQueue = async (changes: Partial<QueueSettings> = {}): Promise<JobQueue> => {
      const settings: QueueSettings = {
        concurrency: 1,
        maxWaiting: 100,
        keepMs: 60_000,
        maxStarts: 3,
        webhookDelayMs: (attempt) => (attempt < 5 ? (attempt - 1) * 20 : undefined),
        onEnded: (id) => ended.push(id),
        onError: () => {},
        ...changes,
      };
      const queue = await backend.open(settings);
      open.push(queue);
      return queue;
    };
    const close = async (queue: JobQueue, timeoutMs: number): Promise<void> => {
      open.splice(open.indexOf(queue), 1);
      await queue.close(timeoutMs);
    };
    const spec = (client = 'a', facts: Partial<JobSpec> = {}): JobSpec => ({
      id: createJobId(),
      client,
      requestId: 'r',
      options: { seed: 7 },
      createdAt: 1,
      ...facts,
    });
    const stateOf = async (queue: JobQueue, id: string): Promise<string | undefined> => (await queue.find(id))?.state;
    const handlers = (run: JobHandlers['run'], notify: JobHandlers['notify'] = async () => {}): JobHandlers => ({ run, notify });

    it('are there once accepted, and end with their outcome, each begun once', async () => {
      const queue = await openQueue();
      const specs = [spec(), spec(), spec()];
      expect(await queue.add(specs)).toEqual({ ids: specs.map(({ id }) => id), replayed: false });
      expect(await queue.find(specs[0]?.id ?? '')).toMatchObject({ ...specs[0], state: 'waiting', outcome: undefined });
      expect(await queue.counts()).toEqual({ waiting: 3, running: 0 });
      const begun: string[] = [];
      queue.start(
        handlers(async ({ id }) => {
          begun.push(id);
          return id === specs[1]?.id ? { state: 'failed', code: 'corrupt-image', detail: 'broken' } : done;
        }),
      );
      await expect.poll(() => ended.length, PATIENT).toBe(3);
      expect(await Promise.all(specs.map(({ id }) => stateOf(queue, id)))).toEqual(['done', 'failed', 'done']);
      expect(begun).toEqual(specs.map(({ id }) => id));
      const job = await queue.find(specs[1]?.id ?? '');
      expect(job?.outcome).toEqual({ state: 'failed', code: 'corrupt-image', detail: 'broken' });
      expect(job?.expiresAt).toBe((job?.endedAt ?? 0) + 60_000);
    });
    it('tell how far they are, by revisions that grow', async () => {
      const queue = await openQueue();
      const { id } = spec();
      await queue.add([spec('a', { id })]);
      const seen = [await queue.find(id)];
      const go = Promise.withResolvers<void>();
      queue.start(
        handlers(async (_job, _signal, report) => {
          report({ phase: 'restore', fraction: 0.25 });
          report({ phase: 'restore', fraction: 0.5 });
          await go.promise;
          return done;
        }),
      );
      await expect.poll(async () => (await queue.find(id))?.progress, PATIENT).toEqual({ phase: 'restore', fraction: 0.5 });
      seen.push(await queue.find(id));
      go.resolve();
      await expect.poll(() => stateOf(queue, id), PATIENT).toBe('done');
      seen.push(await queue.find(id));
      const revisions = seen.map((job) => job?.revision ?? -1);
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
      expect([new Set(revisions).size, revisions.at(-1)]).toEqual([3, ENDED_REVISION]);
    });
    it('are served in turn by client, each client’s in its order', async () => {
      const queue = await openQueue();
      const many = Array.from({ length: 6 }, (_, i) => spec('many', { requestId: `many ${i}` }));
      const few = [spec('few', { requestId: 'few 0' }), spec('few', { requestId: 'few 1' })];
      await queue.add(many);
      await queue.add(few);
      const order: string[] = [];
      queue.start(
        handlers(async ({ requestId }) => {
          order.push(requestId);
          return done;
        }),
      );
      await expect.poll(() => ended.length, PATIENT).toBe(8);
      expect(order).toEqual(['many 0', 'few 0', 'many 1', 'few 1', 'many 2', 'many 3', 'many 4', 'many 5']);
    });
    it('tell their place while they wait: that of their client’s turn', async () => {
      const queue = await openQueue();
      const [one, two, three, other] = [spec('many'), spec('many'), spec('many'), spec('few')];
      await queue.add([one, two, three]);
      const places = (): Promise<(number | undefined)[]> => Promise.all([one, two, three, other].map(async ({ id }) => (await queue.find(id))?.place));
      expect(await places()).toEqual([1, 2, 3, undefined]);
      await queue.add([other]);
      expect(await places()).toEqual([1, 3, 4, 2]);
      const go = Promise.withResolvers<JobOutcome>();
      queue.start(handlers(() => go.promise));
      await expect.poll(places, PATIENT).toEqual([undefined, 2, 3, 1]);
      go.resolve(done);
      await expect.poll(() => ended.length, PATIENT).toBe(4);
      expect(await places()).toEqual([undefined, undefined, undefined, undefined]);
    });
    it('are cancelled while they wait, and never begun', async () => {
      const queue = await openQueue();
      const specs = [spec(), spec()];
      await queue.add(specs);
      await queue.cancel(specs[0]?.id ?? '');
      expect(await stateOf(queue, specs[0]?.id ?? '')).toBe('cancelled');
      const begun: string[] = [];
      queue.start(
        handlers(async ({ id }) => {
          begun.push(id);
          return done;
        }),
      );
      await expect.poll(() => stateOf(queue, specs[1]?.id ?? ''), PATIENT).toBe('done');
      expect([begun, await stateOf(queue, specs[0]?.id ?? '')]).toEqual([[specs[1]?.id], 'cancelled']);
    });
    it('are cancelled while they run, for good, whatever the work says afterwards', async () => {
      const queue = await openQueue();
      const job = spec();
      await queue.add([job]);
      const aborted = Promise.withResolvers<void>();
      queue.start(
        handlers(async (_job, signal) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          aborted.resolve();
          return done;
        }),
      );
      await expect.poll(() => stateOf(queue, job.id), PATIENT).toBe('running');
      await queue.cancel(job.id);
      await aborted.promise;
      await expect.poll(async () => (await queue.counts()).running, PATIENT).toBe(0);
      expect([await stateOf(queue, job.id), ended]).toEqual(['cancelled', [job.id]]);
    });
    it('of an idempotency key are the same again; with other content the key is refused', async () => {
      const queue = await openQueue();
      const [key, other] = [createJobId(), createJobId()];
      const first = spec();
      await queue.add([first], { client: 'a', key, fingerprint: 'f' });
      expect(await queue.add([spec()], { client: 'a', key, fingerprint: 'f' })).toEqual({ ids: [first.id], replayed: true });
      await expect(queue.add([spec()], { client: 'a', key, fingerprint: 'g' })).rejects.toMatchObject({ code: 'idempotency-mismatch' });
      expect((await queue.add([spec('b')], { client: 'b', key, fingerprint: 'g' })).replayed).toBe(false);
      expect((await queue.add([spec()], { client: 'a', key: other, fingerprint: 'f' })).replayed).toBe(false);
      expect(await queue.counts()).toEqual({ waiting: 3, running: 0 });
    });
    it('are refused over the bound, all of a request, and its key is free again', async () => {
      const queue = await openQueue({ maxWaiting: 2 });
      await queue.add([spec()]);
      const key = createJobId();
      await expect(queue.add([spec(), spec()], { client: 'a', key, fingerprint: 'f' })).rejects.toMatchObject({ code: 'overloaded', retryAfterSec: 30 });
      expect((await queue.counts()).waiting).toBe(1);
      expect((await queue.add([spec()], { client: 'a', key, fingerprint: 'g' })).replayed).toBe(false);
    });
    it('wait for a server that is able again', async () => {
      const queue = await openQueue();
      const job = spec();
      await queue.add([job]);
      let tries = 0;
      queue.start(
        handlers(async () => {
          if (++tries < 4) throw new Error('not now'); // more often than a job may be begun by servers that end
          return done;
        }),
      );
      await expect.poll(() => stateOf(queue, job.id), PATIENT).toBe('done');
      expect(tries).toBe(4);
    });
    it('go back to the queue when their server ends, and are done by the next one', async () => {
      const queue = await openQueue();
      const specs = [spec(), spec()];
      await queue.add(specs);
      queue.start(handlers((_job, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))));
      await expect.poll(() => stateOf(queue, specs[0]?.id ?? ''), PATIENT).toBe('running');
      await close(queue, 10);
      const next = await openQueue();
      const begun: string[] = [];
      next.start(
        handlers(async ({ id }) => {
          begun.push(id);
          return done;
        }),
      );
      await expect.poll(() => ended.length, PATIENT).toBe(2);
      expect(begun.sort()).toEqual(specs.map(({ id }) => id).sort());
    });
    it('are finished before their server ends, when there is time', async () => {
      const queue = await openQueue();
      const job = spec();
      await queue.add([job, spec()]);
      const go = Promise.withResolvers<JobOutcome>();
      queue.start(handlers(() => go.promise));
      await expect.poll(() => stateOf(queue, job.id), PATIENT).toBe('running');
      const closed = close(queue, 10_000);
      go.resolve(done);
      await closed;
      const next = await openQueue();
      expect([await stateOf(next, job.id), await next.counts()]).toEqual(['done', { waiting: 1, running: 0 }]);
    });
    it('are told of until the receiver takes it, once they have ended, and then no more', async () => {
      const queue = await openQueue();
      const [told, quiet] = [spec('a', { webhook: 'https://app.example/' }), spec()];
      await queue.add([told, quiet]);
      const calls: [string, string][] = [];
      const notify = async ({ id, state }: Job): Promise<void> => {
        calls.push([id, state]);
        if (calls.length < 3) throw new Error('down');
      };
      queue.start(handlers(async () => done, notify));
      await expect.poll(() => calls.length, PATIENT).toBe(3);
      await expect.poll(() => ended.length, PATIENT).toBe(2);
      await new Promise((resolve) => setTimeout(resolve, 200)); // for a fourth call that must not come
      expect(calls).toEqual(Array.from({ length: 3 }, () => [told.id, 'done']));
    });
    it('are told of once each to a receiver that was away for a minute, by the schedule of a server at a hundredth of its time', async () => {
      const receiver = await openWebhookReceiver();
      await receiver.goAway();
      const queue = await openQueue({ webhookDelayMs: (attempt) => hundredth(webhookDelayMs(attempt)) });
      const specs = Array.from({ length: 3 }, () => spec('a', { webhook: receiver.url }));
      await queue.add(specs);
      queue.start(handlers(async () => done, receiver.notify));
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect([receiver.received, receiver.missed() >= 3]).toEqual([[], true]);
      await receiver.comeBack();
      await expect.poll(() => receiver.received.length, PATIENT).toBe(3);
      await new Promise((resolve) => setTimeout(resolve, 300)); // for a fourth message that must not come
      expect(receiver.received.map(({ type, data }) => [type, data.id]).sort()).toEqual(specs.map(({ id }) => ['job.done', id]).sort());
      await receiver.goAway();
    });
    it('are forgotten after their time, and not before', async () => {
      const queue = await openQueue({ keepMs: 300 });
      const [job, waiting] = [spec(), spec('b')];
      await queue.add([job]);
      queue.start(handlers(async () => done));
      await expect.poll(() => stateOf(queue, job.id), PATIENT).toBe('done');
      await close(queue, 1000);
      const next = await openQueue({ keepMs: 300 });
      await next.add([waiting]);
      await expect.poll(() => next.expire(), PATIENT).toEqual([job.id]);
      expect([await next.find(job.id), await stateOf(next, waiting.id), await next.expire()]).toEqual([undefined, 'waiting', []]);
    });
  });
}
