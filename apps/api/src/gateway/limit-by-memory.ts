/** A rate -> whether a client may send another request, counted in this process: for platforms whose processes live on. */
import { createMemoryRateLimit } from '../rate-limit.ts';

/** @param ratePerMinute 0: no limit */
export function limitByMemory(ratePerMinute: number): (client: string) => Promise<boolean> {
  const limit = createMemoryRateLimit();
  return async (client) => ratePerMinute === 0 || (await limit.take(client, ratePerMinute)).allowed;
}
