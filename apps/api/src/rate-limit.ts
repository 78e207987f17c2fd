/** How many requests a client may make in a minute: counted by rate-limiter-flexible, in this process or in Redis for all servers together. */
import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

export type RateAnswer = { readonly allowed: boolean; readonly remaining: number; readonly resetSec: number };

export type RateLimit = {
  /** Counts one request of a client. */
  take(client: string, ratePerMinute: number): Promise<RateAnswer>;
};

export const RATE_WINDOW_SEC = 60;

export function createMemoryRateLimit(): RateLimit {
  return createRateLimit(countInMemory);
}

/** While Redis cannot be reached, each server counts by itself: a client gets an answer, and a rate, all the same. */
export function createRedisRateLimit(redis: Redis): RateLimit {
  return createRateLimit(
    (points) =>
      new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `fairweather:rate:${points}`,
        points,
        duration: RATE_WINDOW_SEC,
        insuranceLimiter: countInMemory(points),
      }),
  );
}

function countInMemory(points: number): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: RATE_WINDOW_SEC });
}

function createRateLimit(createCounter: (points: number) => RateLimiterAbstract): RateLimit {
  const counters = new Map<number, RateLimiterAbstract>(); // one a rate: there are as many as there are rates among the keys
  return {
    async take(client, ratePerMinute) {
      let counter = counters.get(ratePerMinute);
      if (counter === undefined) {
        counter = createCounter(ratePerMinute);
        counters.set(ratePerMinute, counter);
      }
      return counter.consume(client).then(
        (used) => describe(used, true),
        (refused: unknown) => {
          if (refused instanceof RateLimiterRes) return describe(refused, false);
          throw refused;
        },
      );
    },
  };
}

function describe({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): RateAnswer {
  return { allowed, remaining: Math.max(0, remainingPoints), resetSec: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
}
