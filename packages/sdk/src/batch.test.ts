import { describe, expect, it } from 'vitest';
import { runBatch } from './batch.ts';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Work that ends when the test says so, or by its abort. */
function heldWork(): {
  readonly work: (input: string, signal: AbortSignal) => Promise<{ readonly text: string }>;
  readonly begun: string[];
  readonly aborted: string[];
  finish(input: string): void;
} {
  const held = new Map<string, () => void>();
  const [begun, aborted]: [string[], string[]] = [[], []];
  return {
    begun,
    aborted,
    finish: (input) => held.get(input)?.(),
    work: (input, signal) =>
      new Promise((resolve, reject) => {
        begun.push(input);
        held.set(input, () => resolve({ text: input.toUpperCase() }));
        signal.addEventListener('abort', () => {
          aborted.push(input);
          reject(signal.reason);
        });
      }),
  };
}

describe('a batch', () => {
  it('gives outcomes as they are done, with their place', async () => {
    const { work, finish } = heldWork();
    const batch = runBatch(['a', 'b'], work, { concurrency: 2, signal: undefined });
    const first = batch.next();
    await turn();
    finish('b');
    expect((await first).value).toEqual({ index: 1, input: 'b', text: 'B' });
    finish('a');
    expect((await batch.next()).value).toEqual({ index: 0, input: 'a', text: 'A' });
    expect((await batch.next()).done).toBe(true);
  });
  it('does not stop at one that fails', async () => {
    const fault = new Error('broken');
    const work = async (input: number): Promise<{ readonly half: number }> => (input === 1 ? Promise.reject(fault) : { half: input / 2 });
    const items = [];
    for await (const item of runBatch([4, 1, 8], work, { concurrency: 1, signal: undefined })) items.push(item);
    expect(items).toEqual([
      { index: 0, input: 4, half: 2 },
      { index: 1, input: 1, error: fault },
      { index: 2, input: 8, half: 4 },
    ]);
  });
  it('draws inputs only as places come free', async () => {
    const drawn: string[] = [];
    async function* draw(): AsyncGenerator<string> {
      for (const input of ['a', 'b', 'c', 'd']) {
        drawn.push(input);
        yield input;
      }
    }
    const { work, finish } = heldWork();
    const batch = runBatch(draw(), work, { concurrency: 2, signal: undefined });
    const first = batch.next();
    await turn();
    expect(drawn).toEqual(['a', 'b']);
    finish('a');
    await first;
    await turn();
    expect(drawn).toEqual(['a', 'b']); // nobody has asked for more
    await batch.return();
  });
  it('aborts what runs when the loop is left', async () => {
    const { work, begun, aborted, finish } = heldWork();
    let closed = false;
    function* draw(): Generator<string> {
      try {
        yield* ['a', 'b', 'c'];
      } finally {
        closed = true;
      }
    }
    setTimeout(() => finish('a'), 0);
    for await (const { input } of runBatch(draw(), work, { concurrency: 2, signal: undefined })) {
      expect(input).toBe('a');
      break;
    }
    expect([begun, aborted, closed]).toEqual([['a', 'b'], ['a', 'b'], true]);
  });
  it('throws the reason of an abort', async () => {
    const { work, aborted } = heldWork();
    const controller = new AbortController();
    const next = runBatch(['a', 'b'], work, { concurrency: 1, signal: controller.signal }).next();
    await turn();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(aborted).toEqual(['a']);
  });
});
