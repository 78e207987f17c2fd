import { describe, expect, it } from 'vitest';
import { shareWork } from './shared-work.ts';

/** Work that ends when it is told to, or when it is stopped. */
function openWork() {
  let finish: (value: string) => void = () => {};
  let tell: (event: number) => void = () => {};
  let stopped: unknown;
  const work = shareWork<string, number>(
    (signal, tellAll) =>
      new Promise((resolve, reject) => {
        finish = resolve;
        tell = tellAll;
        signal.addEventListener('abort', () => {
          stopped = signal.reason;
          reject(signal.reason);
        });
      }),
  );
  work.result.catch(() => {}); // looked at by those who joined
  return { work, finish: (value: string) => finish(value), tell: (event: number) => tell(event), stopped: () => stopped };
}

describe('shared work', () => {
  it('is done once, and its events reach everybody who waits', async () => {
    const { work, finish, tell } = openWork();
    const heard: string[] = [];
    const both = Promise.all([work.join(undefined, (event) => heard.push(`a${event}`)), work.join(undefined, (event) => heard.push(`b${event}`))]);
    tell(1);
    finish('done');
    expect(await both).toEqual(['done', 'done']);
    expect(heard).toEqual(['a1', 'b1']);
    expect(await work.join(undefined)).toBe('done');
  });
  it('goes on when one of several leaves, who hears no more', async () => {
    const { work, finish, tell, stopped } = openWork();
    const abort = new AbortController();
    const heard: number[] = [];
    const leaving = work.join(abort.signal, (event) => heard.push(event));
    const staying = work.join(undefined);
    abort.abort(new Error('enough'));
    await expect(leaving).rejects.toThrow('enough');
    tell(1);
    finish('done');
    expect(await staying).toBe('done');
    expect([heard, stopped()]).toEqual([[], undefined]);
  });
  it('is stopped when the last one has left', async () => {
    const { work, stopped } = openWork();
    const [one, two] = [new AbortController(), new AbortController()];
    const both = Promise.allSettled([work.join(one.signal), work.join(two.signal)]);
    one.abort(new Error('first'));
    expect(stopped()).toBeUndefined();
    two.abort(new Error('second'));
    expect(stopped()).toMatchObject({ message: 'second' });
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
  it('throws to one listener what that listener threw', async () => {
    const { work, finish, tell } = openWork();
    const throwing = work.join(undefined, () => {
      throw new Error('listener');
    });
    const other = work.join(undefined);
    tell(1);
    finish('done');
    await expect(throwing).rejects.toThrow('listener');
    expect(await other).toBe('done');
  });
  it('does not begin for one who has aborted already', async () => {
    const { work, stopped } = openWork();
    await expect(work.join(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    expect(stopped()).toMatchObject({ message: 'before' });
  });
});
