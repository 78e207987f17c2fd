import { describe, expect, it } from 'vitest';
import { RestoreError } from './errors.ts';
import { parseRetryAfter, planWait, withRetries } from './retry.ts';

const busy = (retryAfterMs?: number): RestoreError => new RestoreError('overloaded', 'Every place is taken.', { retryable: true, retryAfterMs });

describe('waiting for the next attempt', () => {
  it('doubles from half a second to 8 s, and leaves out up to half of it', () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => planWait(busy(), attempt, 0))).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(planWait(busy(), 2, 0.999)).toBeCloseTo(500.5);
  });
  it('never comes before Retry-After', () => {
    for (const random of [0, 0.3, 0.999]) expect(planWait(busy(3000), 1, random)).toBeGreaterThanOrEqual(3000);
    expect(planWait(busy(3000), 1, 0.999)).toBeLessThan(4000);
    expect(planWait(busy(0), 1, 0)).toBe(0);
  });
  it('gives up where the server asks for more than a minute', () => expect(planWait(busy(60_001), 1, 0)).toBeUndefined());
  it('gives up where the same request would fail again', () => expect(planWait(new RestoreError('corrupt-image', ''), 1, 0)).toBeUndefined());
});

describe('Retry-After', () => {
  it('is read as seconds or as a date', () => {
    expect(parseRetryAfter('7', 0)).toBe(7000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 4000)).toBe(5000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:01 GMT', 4000)).toBe(0);
  });
  it('is nothing where it is missing or senseless', () => {
    expect(parseRetryAfter(null, 0)).toBeUndefined();
    expect(parseRetryAfter('soon', 0)).toBeUndefined();
  });
});

describe('attempts', () => {
  const waits: number[] = [];
  const rule = { maxRetries: 2, random: () => 0, sleep: async (ms: number) => void waits.push(ms) };

  it('go on until one succeeds', async () => {
    waits.length = 0;
    const failures = [busy(), busy(1500)];
    expect(await withRetries(async (attempt) => (failures[attempt - 1] ? Promise.reject(failures[attempt - 1]) : attempt), undefined, rule)).toBe(3);
    expect(waits).toEqual([500, 1500]);
  });
  it('end with the last failure', async () => {
    let attempts = 0;
    const call = withRetries(() => Promise.reject(new RestoreError('overloaded', `no. ${++attempts}`, { retryable: true })), undefined, rule);
    await expect(call).rejects.toThrow('no. 3');
  });
  it('are not repeated for errors of other kinds', async () => {
    let attempts = 0;
    const call = withRetries(() => Promise.reject(new TypeError(`${++attempts}`)), undefined, rule);
    await expect(call).rejects.toThrow('1');
  });
  it('never follow an abort, whatever the failure', async () => {
    const controller = new AbortController();
    let attempts = 0;
    const call = withRetries(
      () => {
        attempts++;
        controller.abort();
        return Promise.reject(busy());
      },
      controller.signal,
      rule,
    );
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(attempts).toBe(1);
  });
  it('never follow an abort during the wait', async () => {
    const controller = new AbortController();
    let attempts = 0;
    const sleep = (_: number, signal: AbortSignal | undefined): Promise<void> => {
      controller.abort();
      return Promise.reject(signal?.reason);
    };
    const work = (): Promise<never> => {
      attempts++;
      return Promise.reject(busy());
    };
    const call = withRetries(work, controller.signal, { ...rule, sleep });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(attempts).toBe(1);
  });
});
