import { describe, expect, it } from 'vitest';
import { expectClose } from './expect-close.ts';

const within = { tolerance: 0.1, why: 'a test' };

describe('expectClose', () => {
  it('accepts numbers within the tolerance', () => {
    expect(() => expectClose([1, 2, 3], [1.05, 1.95, 3], within)).not.toThrow();
  });
  it('fails on a number outside of it and says which', () => {
    expect(() => expectClose([1, 2, 3], [1, 2, 3.2], within)).toThrow('At 2 of 3: expected 3.2 within 0.1 (a test), got 3');
  });
  it('names the worst place, not the first one', () => {
    expect(() => expectClose([0, 0, 0], [0.2, 5, 0.3], within)).toThrow('At 1 of 3');
  });
  it('fails on lists of different lengths', () => {
    expect(() => expectClose([1], [1, 1], within)).toThrow('Expected 2 numbers, got 1');
  });
  it('fails on nothing at all', () => {
    expect(() => expectClose([], [], within)).toThrow('got none');
  });
  it('fails on NaN, wherever it stands', () => {
    expect(() => expectClose([1, Number.NaN], [1, 1], within)).toThrow('At 1');
    expect(() => expectClose([Number.NaN, 1], [1, 1], within)).toThrow('At 0');
    expect(() => expectClose([1, 1], [1, Number.NaN], within)).toThrow('At 1');
  });
  it('fails without a tolerance', () => {
    expect(() => expectClose([1], [1], { tolerance: Number.NaN, why: '' })).toThrow('tolerance');
  });
});
