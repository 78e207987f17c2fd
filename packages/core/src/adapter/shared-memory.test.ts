import { describe, expect, it } from 'vitest';
import { createSharedMemory, onlyShared, shareTensors } from './shared-memory.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

describe('shared memory', () => {
  it('is seen by other threads', () => {
    const piece = createSharedMemory(1000).take(7);
    expect(piece).toHaveLength(7);
    expect(piece.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
  it('is used again when it has been given back, and not before', () => {
    const memory = createSharedMemory(1000);
    const [a, b] = [memory.take(3), memory.take(3)];
    expect(a).not.toBe(b);
    memory.giveBack([a]);
    expect(memory.take(4)).not.toBe(a);
    expect(memory.take(3)).toBe(a);
    expect(memory.take(3)).not.toBe(a);
  });
  it('lets go of sizes that are no longer used', () => {
    const memory = createSharedMemory(BYTES * 6);
    const [old, late] = [memory.take(5), memory.take(6)];
    memory.giveBack([old]);
    memory.giveBack([late]);
    expect(memory.take(5)).not.toBe(old);
    expect(memory.take(6)).toBe(late);
  });
  it('keeps no more than it may', () => {
    const memory = createSharedMemory(BYTES * 3);
    const [a, b] = [memory.take(3), memory.take(2)];
    memory.giveBack([a, b]);
    expect(memory.take(3)).toBe(a);
    expect(memory.take(2)).not.toBe(b);
  });
  it('does not take what it has not lent', () => {
    const memory = createSharedMemory(1000);
    const strange = new Float32Array(new SharedArrayBuffer(12));
    memory.giveBack([strange]);
    expect(memory.take(3)).not.toBe(strange);
  });
});

describe('shared tensors', () => {
  const memory = createSharedMemory(1000);
  const tensors = { there: { dims: [1, 3], data: memory.take(3).fill(5) }, elsewhere: { dims: [2], data: Float32Array.of(7, 8) } };

  it('hold the same numbers under the same names, and those that were shared stay where they are', () => {
    const { shared, taken } = shareTensors(tensors, memory);
    expect(shared).toEqual(tensors);
    expect(shared.there?.data).toBe(tensors.there.data);
    expect(shared.elsewhere?.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(taken).toEqual([shared.elsewhere?.data]);
  });
  it('can be told from others', () => {
    expect(onlyShared(tensors)).toEqual({ there: tensors.there });
  });
});
