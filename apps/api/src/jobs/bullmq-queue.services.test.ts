import { Redis } from 'ioredis';
import { describeQueue } from '../../testing/queue-suite.ts';
import { startRedis, type TestRedis } from '../../testing/redis-server.ts';
import { openBullmqQueue } from './bullmq-queue.ts';

let redis: TestRedis;

describeQueue('BullMQ', {
  prepare: async () => {
    redis = await startRedis();
  },
  empty: async () => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  },
  open: (settings) => openBullmqQueue({ ...settings, url: redis.url, lockMs: 1000 }),
  dispose: () => redis.close(),
});
