import { describe, expect, it } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

const never = new AbortController().signal;
const drain = async (queue: ReturnType<typeof createFairQueue<string>>): Promise<string[]> => {
  const order: string[] = [];
  while (queue.size > 0) order.push((await queue.take(never)) as string); // not empty
  return order;
};

describe('the fair queue', () => {
  it('serves clients in turn, however many items one of them has', async () => {
    const queue = createFairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'a4']) queue.put('a', item);
    queue.put('b', 'b1');
    queue.put('c', 'c1');
    queue.put('b', 'b2');
    expect(await drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });
  it('puts what comes back before all others', async () => {
    const queue = createFairQueue<string>();
    queue.put('a', 'a1');
    queue.putFirst('b', 'again');
    expect(await drain(queue)).toEqual(['again', 'a1']);
  });
  it('takes items out again', async () => {
    const queue = createFairQueue<string>();
    for (const item of ['a1', 'a2']) queue.put('a', item);
    queue.putFirst('a', 'a0');
    expect([queue.remove('a', 'a1'), queue.remove('a', 'a1'), queue.remove('b', 'a2'), queue.remove('a', 'a0'), queue.size]).toEqual([
      true,
      false,
      false,
      true,
      1,
    ]);
    expect(queue.clear()).toEqual(['a2']);
    expect(queue.size).toBe(0);
  });
  it('hands an item to who waited longest, and none to who has left', async () => {
    const queue = createFairQueue<string>();
    const leaving = new AbortController();
    const [gone, first, second] = [queue.take(leaving.signal), queue.take(never), queue.take(never)];
    leaving.abort();
    queue.put('a', 'a1');
    queue.put('a', 'a2');
    expect([await gone, await first, await second]).toEqual([undefined, 'a1', 'a2']);
  });
});
