/** A runtime for tests: time stands until the test moves it, waits pass at once and are written down. */
import type { Platform } from '../src/platform.ts';

export type FakePlatform = Platform & { readonly waits: number[]; online: boolean; nowMs: number };

export function createFakePlatform(runtime: Platform['runtime'] = 'node'): FakePlatform {
  const platform: FakePlatform = {
    runtime,
    online: true,
    nowMs: 0,
    waits: [],
    isOnline: () => platform.online,
    now: () => platform.nowMs,
    random: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      platform.waits.push(ms);
    },
  };
  return platform;
}
