import { describe, expect, it } from 'vitest';
import { createSharedFeeds } from './shared-feeds.ts';

const feeds = (first: number, length = 3): Parameters<ReturnType<typeof createSharedFeeds>['lend']>[0] => ({
  x: { dims: [1, length], data: new Float32Array(length).fill(first) },
  y: { dims: [2, length], data: new Float32Array(2 * length).fill(first + 1) },
});

describe('shared feeds', () => {
  it('hold the same numbers under the same names, in memory that threads share', () => {
    const lent = createSharedFeeds(1000).lend(feeds(7));
    expect(lent).toEqual(feeds(7));
    expect(Object.values(lent).every(({ data }) => data.buffer instanceof SharedArrayBuffer)).toBe(true);
  });
  it('use memory again when it has been taken back, and not before', () => {
    const shared = createSharedFeeds(1000);
    const [a, b] = [shared.lend(feeds(1)), shared.lend(feeds(2))];
    expect(a).toEqual(feeds(1));
    expect(a.x?.data).not.toBe(b.x?.data);
    shared.takeBack(a);
    const c = shared.lend(feeds(3));
    expect([c.x?.data, c.y?.data]).toEqual([a.x?.data, a.y?.data]);
    expect(c.x?.data).toBe(a.x?.data);
    expect(c).toEqual(feeds(3));
    expect(b).toEqual(feeds(2));
  });
  it('let go of memory of sizes that are no longer used', () => {
    const shared = createSharedFeeds(4 * (6 + 12)); // room for the feeds of length 6
    const old = shared.lend(feeds(1, 5));
    shared.takeBack(old);
    const late = shared.lend(feeds(1, 6));
    shared.takeBack(late);
    expect(shared.lend(feeds(1, 5)).x?.data).not.toBe(old.x?.data);
    expect(shared.lend(feeds(2, 6)).x?.data).toBe(late.x?.data);
  });
  it('keep no more than they may', () => {
    const shared = createSharedFeeds(4 * 3);
    const large = shared.lend(feeds(1));
    shared.takeBack(large);
    const next = shared.lend(feeds(1));
    expect([next.x?.data === large.x?.data, next.y?.data === large.y?.data]).toEqual([true, false]);
  });
});
