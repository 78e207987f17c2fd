import { Redis } from 'ioredis';
import RedisMock from 'ioredis-mock';
import { describe, expect, it } from 'vitest';
import { createMemoryRateLimit, createRedisRateLimit, type RateLimit } from './rate-limit.ts';

const allowed = async (limit: RateLimit, client: string, rate: number): Promise<boolean> => (await limit.take(client, rate)).allowed;

describe.each<[string, () => RateLimit]>([
  ['memory', createMemoryRateLimit],
  ['Redis', () => createRedisRateLimit(new RedisMock({ host: crypto.randomUUID() }))],
])('a rate counted in %s', (_, create) => {
  it('lets through as many as it says, and tells what is left and when it starts anew', async () => {
    const limit = create();
    expect([await limit.take('a', 2), await limit.take('a', 2), await limit.take('a', 2)]).toEqual([
      { allowed: true, remaining: 1, resetSec: 60 },
      { allowed: true, remaining: 0, resetSec: 60 },
      { allowed: false, remaining: 0, resetSec: 60 },
    ]);
  });
  it('counts clients apart', async () => {
    const limit = create();
    expect([await allowed(limit, 'a', 1), await allowed(limit, 'b', 1), await allowed(limit, 'a', 1)]).toEqual([true, true, false]);
  });
});

describe('Redis', () => {
  it('counts for all servers together', async () => {
    const host = 'shared';
    const [one, other] = [createRedisRateLimit(new RedisMock({ host })), createRedisRateLimit(new RedisMock({ host }))];
    expect([await allowed(one, 'a', 2), await allowed(other, 'a', 2), await allowed(one, 'a', 2), await allowed(other, 'a', 2)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
  it('is done without while it is away', async () => {
    const redis = new Redis({ host: '127.0.0.1', port: 1, enableOfflineQueue: false, retryStrategy: () => null });
    redis.on('error', () => {}); // that it is away is what is tested
    const limit = createRedisRateLimit(redis);
    expect([await allowed(limit, 'a', 1), await allowed(limit, 'a', 1)]).toEqual([true, false]);
    redis.disconnect();
  });
});
