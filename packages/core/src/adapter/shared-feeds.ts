/** Feeds of an inference in a worker thread -> the same in memory that both threads see, used again by later inferences. */
import type { PlainTensor } from './ort-session.ts';

export type PlainFeeds = Readonly<Record<string, PlainTensor>>;

/** Memory that is lent to one inference at a time. */
export type SharedFeeds = {
  /** Copies the feeds. Messages then carry the memory itself, where a message of plain arrays would be copied into the worker each time, to become garbage there. */
  lend(feeds: PlainFeeds): PlainFeeds;
  /** Takes back what `lend` gave, once the worker has answered. */
  takeBack(lent: PlainFeeds): void;
};

/** @param keepBytes how much memory waits for feeds of its size, the latest used first; the rest is let go */
export function createSharedFeeds(keepBytes: number): SharedFeeds {
  let free: readonly Float32Array[] = [];
  const take = (length: number): Float32Array => {
    const found = free.find((piece) => piece.length === length);
    free = free.filter((piece) => piece !== found);
    return found ?? new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
  };
  return {
    lend: (feeds) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, { dims, data }]) => {
          const shared = take(data.length);
          shared.set(data);
          return [name, { dims, data: shared }];
        }),
      ),
    takeBack(lent) {
      let bytes = 0;
      free = [...Object.values(lent).map(({ data }) => data), ...free].filter((piece) => {
        bytes += piece.byteLength;
        return bytes <= keepBytes;
      });
    },
  };
}
