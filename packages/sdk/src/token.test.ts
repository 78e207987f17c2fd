import { describe, expect, it } from 'vitest';
import { createTokenSource, type Token } from './token.ts';

describe('tokens', () => {
  it('are the key itself, which a refusal does not change', async () => {
    const source = createTokenSource('fw_key', () => 0);
    expect(await source.take(undefined)).toBe('fw_key');
    expect(source.refuse('fw_key')).toBe(false);
  });
  it('are fetched for every request where they tell no lifetime', async () => {
    let calls = 0;
    const source = createTokenSource(
      () => `token ${++calls}`,
      () => 0,
    );
    expect([await source.take(undefined), await source.take(undefined)]).toEqual(['token 1', 'token 2']);
  });
  it('are kept until shortly before they expire', async () => {
    let [calls, now] = [0, 0];
    const source = createTokenSource(
      async (): Promise<Token> => ({ token: `token ${++calls}`, expiresInMs: 60_000 }),
      () => now,
    );
    const taken: (string | undefined)[] = [];
    for (now of [0, 49_999, 50_000]) taken.push(await source.take(undefined));
    expect(taken).toEqual(['token 1', 'token 1', 'token 2']);
  });
  it('are fetched anew after a refusal', async () => {
    let calls = 0;
    const source = createTokenSource(
      () => ({ token: `token ${++calls}`, expiresInMs: 60_000 }),
      () => 0,
    );
    const first = await source.take(undefined);
    expect(source.refuse(first)).toBe(true);
    expect(await source.take(undefined)).toBe('token 2');
    source.refuse(first); // a late word on an old token
    expect(await source.take(undefined)).toBe('token 2');
  });
});
