import { describe, expect, it } from 'vitest';
import { createTokenSource, type Token } from './token.ts';

describe('tokens', () => {
  const { signal } = new AbortController();

  it('are fetched for every request where they tell no lifetime', async () => {
    let calls = 0;
    const source = createTokenSource(
      () => `token ${++calls}`,
      () => 0,
    );
    expect([await source.take(signal), await source.take(signal)]).toEqual(['token 1', 'token 2']);
  });
  it('are kept until shortly before they expire', async () => {
    let [calls, now] = [0, 0];
    const source = createTokenSource(
      async (): Promise<Token> => ({ token: `token ${++calls}`, expiresInMs: 60_000 }),
      () => now,
    );
    const taken: string[] = [];
    for (now of [0, 49_999, 50_000]) taken.push(await source.take(signal));
    expect(taken).toEqual(['token 1', 'token 1', 'token 2']);
  });
  it('are fetched anew after a refusal', async () => {
    let calls = 0;
    const source = createTokenSource(
      () => ({ token: `token ${++calls}`, expiresInMs: 60_000 }),
      () => 0,
    );
    const first = await source.take(signal);
    source.refuse(first);
    expect(await source.take(signal)).toBe('token 2');
    source.refuse(first); // a late word on an old token
    expect(await source.take(signal)).toBe('token 2');
  });
});
