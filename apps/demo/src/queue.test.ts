import { RestoreError } from '@fairweather/sdk';
import { expect, it } from 'vitest';
import type { Restored } from './file-choice.ts';
import { createQueue, type Entry, type Queue, type QueueDeps } from './queue.ts';

type Call = { readonly name: string; readonly remove: readonly string[] | undefined; finish(): void; fail(error: Error): void };

/** A queue whose restorations end when the test says so. An abort ends them too. */
function openQueue(): { readonly queue: Queue; readonly calls: Call[]; readonly states: () => readonly string[] } {
  const calls: Call[] = [];
  const restore: QueueDeps['restore'] = (file, { remove, signal }) => {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      calls.push({ name: file.name, remove, finish: () => resolve({ image: new Blob([file.name]) } as Restored), fail: reject });
    });
  };
  const queue = createQueue({ restore, onChange: () => {}, onRemove: () => {}, onProgress: () => {} });
  return { queue, calls, states: () => queue.entries().map(({ file, state }) => `${file.name} ${state.kind}`) };
}
const files = (...names: readonly string[]): readonly File[] => names.map((name) => new File([], name));
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it('works on one picture at a time, in order', async () => {
  const { queue, calls, states } = openQueue();
  queue.add(files('a', 'b'));
  expect(states()).toEqual(['a working', 'b waiting']);
  calls[0]?.finish();
  await settle();
  expect(states()).toEqual(['a done', 'b working']);
});
it('goes on after one that failed, and keeps its reason', async () => {
  const { queue, calls, states } = openQueue();
  const [a] = queue.add(files('a', 'b')) as readonly [Entry, Entry];
  calls[0]?.fail(new RestoreError('truncated', 'The file ends early.'));
  await settle();
  expect(states()).toEqual(['a failed', 'b working']);
  expect(queue.entries()[a.id]?.state).toMatchObject({ error: { code: 'truncated' } });
});
it('stops the one that is cancelled, working or waiting, and goes on with the next', async () => {
  const { queue, calls, states } = openQueue();
  queue.add(files('a', 'b', 'c'));
  queue.cancel(1);
  queue.cancel(0);
  await settle();
  expect(states()).toEqual(['a cancelled', 'b cancelled', 'c working']);
  expect(calls.map(({ name }) => name)).toEqual(['a', 'c']);
});
it('restores again with the weathers that are left to remove, and keeps the older result meanwhile', async () => {
  const { queue, calls, states } = openQueue();
  queue.add(files('a'));
  calls[0]?.finish();
  await settle();
  queue.redo(0, ['rain']);
  expect(states()).toEqual(['a working']);
  expect(queue.entries()[0]?.result?.image).toBeDefined();
  expect(calls[1]?.remove).toEqual(['rain']);
});
it('lets a second wish take the place of the first while that runs', async () => {
  const { queue, calls, states } = openQueue();
  queue.add(files('a'));
  queue.redo(0, ['rain']);
  await settle();
  queue.redo(0);
  await settle();
  expect(calls.map(({ remove }) => remove)).toEqual([undefined, ['rain'], undefined]);
  expect(states()).toEqual(['a working']);
});
it('forgets the one that is removed, stops what runs for it, and goes on with the next', async () => {
  const { queue, calls, states } = openQueue();
  queue.add(files('a', 'b'));
  queue.remove(0);
  await settle();
  expect(states()).toEqual(['b working']);
  calls[1]?.finish();
  await settle();
  const [c] = queue.add(files('c')) as readonly [Entry];
  expect([c.id, ...states()]).toEqual([2, 'b done', 'c working']); // no number is given twice
});
it('is empty when it is cleared, and works on what comes then', async () => {
  const { queue, states } = openQueue();
  queue.add(files('a', 'b'));
  queue.clear();
  expect(states()).toEqual([]);
  queue.add(files('c'));
  await settle();
  expect(states()).toEqual(['c working']);
});
