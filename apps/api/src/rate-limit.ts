/** How many requests a client may make in a minute: counted by rate-limiter-flexible, in memory. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

export type RateAnswer = { readonly allowed: boolean; readonly remaining: number; readonly resetSec: number };

export type RateLimit = {
  /** Counts one request of a client. */
  take(client: string, ratePerMinute: number): Promise<RateAnswer>;
};

export const RATE_WINDOW_SEC = 60;

export function createMemoryRateLimit(): RateLimit {
  const limiters = new Map<number, RateLimiterMemory>(); // one a rate: there are as many as there are rates among the keys
  return {
    async take(client, ratePerMinute) {
      let limiter = limiters.get(ratePerMinute);
      if (limiter === undefined) {
        limiter = new RateLimiterMemory({ points: ratePerMinute, duration: RATE_WINDOW_SEC });
        limiters.set(ratePerMinute, limiter);
      }
      return limiter.consume(client).then(
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
