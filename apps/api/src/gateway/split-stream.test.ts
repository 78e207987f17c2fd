import { describe, expect, it } from 'vitest';
import { splitStream } from './split-stream.ts';

const chunk = (n: number): Uint8Array => Uint8Array.of(n);
/** Counts what has been taken out of it. */
function countingSource(count: number): { readonly stream: ReadableStream<Uint8Array>; readonly taken: () => number; readonly cancelled: () => unknown } {
  let [taken, cancelled]: [number, unknown] = [0, undefined];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken === count) return controller.close();
        controller.enqueue(chunk(++taken));
      },
      cancel(reason) {
        cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken: () => taken, cancelled: () => cancelled };
}
const readAll = async (stream: ReadableStream<Uint8Array> | undefined): Promise<number[]> => {
  const bytes: number[] = [];
  for await (const part of stream ?? []) bytes.push(...part);
  return bytes;
};
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a stream that is split', () => {
  it('gives every branch all of it', async () => {
    const branches = splitStream(countingSource(5).stream, 3);
    expect(await Promise.all(branches.map(readAll))).toEqual([1, 2, 3].map(() => [1, 2, 3, 4, 5]));
  });
  it('goes at the pace of the slowest: nothing piles up', async () => {
    const { stream, taken } = countingSource(1000);
    const [fast] = splitStream(stream, 2); // nobody reads the other one
    const reader = fast?.getReader();
    for (let i = 0; i < 2; i++) void reader?.read();
    await settle();
    expect(taken()).toBeLessThanOrEqual(3);
  });
  it('goes on without a branch that nobody wants any more', async () => {
    const [first, second] = splitStream(countingSource(50).stream, 2);
    await second?.cancel();
    expect(await readAll(first)).toHaveLength(50);
  });
  it('ends everywhere when the first one’s reader goes, and breaks everywhere when its source does', async () => {
    const left = countingSource(50);
    const [first, second] = splitStream(left.stream, 2);
    await first?.cancel(new Error('gone'));
    await expect(readAll(second)).rejects.toThrow('gone');
    expect(left.cancelled()).toMatchObject({ message: 'gone' });
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('broke off')) });
    await Promise.all(splitStream(broken, 2).map((branch) => expect(readAll(branch)).rejects.toThrow('broke off')));
  });
});
