import { describe, expect, it } from 'vitest';
import { tensor } from '../tensor/tensor.ts';
import { gatherKeyValues, readKeyValuePool, selectNearest } from './key-value-pool.ts';

const numbers = [1, 0, 0, 1, 3, 3, 2, 0, ...Array.from({ length: 4 * 1 * 4 }, (_, i) => i)];
const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
const rule = { file: 'pool.bin', sha256: '', bytes: bytes.length, topK: 3, tensors: { keys: [4, 2], keyValues: [4, 1, 4] } } as const;
const pool = readKeyValuePool(bytes, rule);
const query = tensor('NC', [1, 2], Float32Array.of(5, 0));

describe('a pool that is asked at every step', () => {
  it('is read from its file', () => {
    expect(pool.keys.dims).toEqual([4, 2]);
    expect([...pool.keyValues.data]).toEqual(numbers.slice(8));
  });
  it('chooses the nearest k by cosine, best first, ties to the lower index, whatever was asked before', () => {
    expect(selectNearest(pool, query)).toEqual([0, 3, 2]);
    selectNearest(pool, tensor('NC', [1, 2], Float32Array.of(0, 1)));
    expect(selectNearest(pool, query)).toEqual([0, 3, 2]);
  });
  it('gives the rows of those chosen, one after another', () => {
    const gathered = gatherKeyValues(pool, [3, 0]);
    expect(gathered.dims).toEqual([1, 2, 4]);
    expect([...gathered.data]).toEqual([12, 13, 14, 15, 0, 1, 2, 3]);
  });
  it('refuses a query of other channels', () => {
    expect(() => selectNearest(pool, tensor('NC', [1, 3], new Float32Array(3)))).toThrow(expect.objectContaining({ code: 'dims-mismatch' }));
  });
});
