import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeQueue } from '../../testing/queue-suite.ts';
import type { JobQueue, QueueSettings } from './job.ts';
import { openSqliteQueue } from './sqlite-queue.ts';

let folder = '';
let path = '';
let files = 0;

describeQueue('SQLite', {
  prepare: async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairweather-queue-'));
  },
  empty: async () => {
    path = join(folder, `${files++}.sqlite`);
  },
  open: async (settings) => openSqliteQueue(path, settings),
  dispose: () => rm(folder, { recursive: true }),
});

it('a second server on the same file is refused, and told why', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'fairweather-queue-'));
  const settings: QueueSettings = {
    concurrency: 1,
    maxWaiting: 1,
    keepMs: 1,
    maxStarts: 1,
    webhookDelayMs: () => undefined,
    onEnded: () => {},
    onError: () => {},
  };
  const open = (): JobQueue => openSqliteQueue(join(dir, 'jobs.sqlite'), settings);
  const first = open();
  expect(open).toThrow(/is another server using them/);
  await first.close(0);
  await open().close(0);
  await rm(dir, { recursive: true });
});
