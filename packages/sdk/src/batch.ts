/** Pictures one after another -> their outcomes as they are done, some at a time; one that fails does not stop the rest. */
import { linkSignal } from './deadline.ts';
import { RestoreError } from './errors.ts';

/** What became of one picture; `index` counts from 0 in the order of the inputs. */
export type BatchItem<I, R> = { readonly index: number; readonly input: I } & (({ readonly error?: undefined } & R) | { readonly error: unknown });

/**
 * Inputs are drawn only as places come free, and at most `concurrency` outcomes wait for the reader, so memory stays that of a few pictures.
 * Leaving the loop aborts what still runs.
 * @throws RestoreError `invalid-option`; the signal's reason; what the iteration over `inputs` throws
 */
export async function* runBatch<I, R extends object>(
  inputs: Iterable<I> | AsyncIterable<I>,
  work: (input: I, signal: AbortSignal) => Promise<R>,
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal | undefined },
): AsyncGenerator<BatchItem<I, R>, void, undefined> {
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RestoreError('invalid-option', `concurrency must be an integer from 1 on, got ${concurrency}.`, { details: { option: 'concurrency' } });
  const controller = new AbortController();
  const unlink = linkSignal(signal, controller);
  const iterator = Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  const running = new Map<number, Promise<BatchItem<I, R>>>();
  let drawn = 0;
  let more = true;
  try {
    for (;;) {
      while (more && running.size < concurrency) {
        signal?.throwIfAborted();
        const { done, value: input } = await iterator.next();
        if (done) {
          more = false;
          break;
        }
        const index = drawn++;
        running.set(
          index,
          work(input, controller.signal).then(
            (result) => ({ index, input, ...result }),
            (error: unknown) => ({ index, input, error }),
          ),
        );
      }
      if (running.size === 0) return;
      const item = await Promise.race(running.values());
      signal?.throwIfAborted();
      running.delete(item.index);
      yield item;
    }
  } finally {
    controller.abort();
    unlink();
    await Promise.all(running.values()); // ended, or ending, by the abort
    if (more) await iterator.return?.();
  }
}
