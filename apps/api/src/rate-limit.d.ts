/** How many requests a client may make in a minute: counted by rate-limiter-flexible, in this process or in Redis for all servers together. */
import type { Redis } from 'ioredis';
export type RateAnswer = {
    readonly allowed: boolean;
    readonly remaining: number;
    readonly resetSec: number;
};
export type RateLimit = {
    /** Counts one request of a client. */
    take(client: string, ratePerMinute: number): Promise<RateAnswer>;
};
export declare const RATE_WINDOW_SEC = 60;
export declare function createMemoryRateLimit(): RateLimit;
/** While Redis cannot be reached, each server counts by itself: a client gets an answer, and a rate, all the same. */
export declare function createRedisRateLimit(redis: Redis): RateLimit;
