/** Memory that two threads see -> pieces that are lent and used again. A message carries such a piece itself, where any other would be copied. */
import type { TensorMemory } from '../graph/graph.ts';
import type { PlainTensors } from './ort-session.ts';

/** @param keepBytes how much memory waits for a use of its size, the latest given back first; the rest is let go */
export function createSharedMemory(keepBytes: number): TensorMemory {
  const own = new WeakSet<Float32Array>();
  let free: readonly Float32Array[] = [];
  const create = (length: number): Float32Array => {
    const piece = new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
    own.add(piece);
    return piece;
  };
  return {
    take(length) {
      const found = free.find((piece) => piece.length === length);
      free = free.filter((piece) => piece !== found);
      return found ?? create(length);
    },
    giveBack(pieces) {
      let bytes = 0;
      free = [...pieces.filter((piece) => own.has(piece)), ...free].filter((piece) => {
        bytes += piece.byteLength;
        return bytes <= keepBytes;
      });
    },
  };
}

/** Those of the tensors that messages carry as they are. */
export function onlyShared(tensors: PlainTensors): PlainTensors {
  return Object.fromEntries(Object.entries(tensors).filter(([, { data }]) => isShared(data)));
}

/**
 * Tensors -> the same in shared memory: as they are where they lie in such, else copied. A message of other arrays would be copied into the worker
 * each time, to become garbage there.
 * @returns the tensors, and what was taken for them, to be given back
 */
export function shareTensors(tensors: PlainTensors, memory: TensorMemory): { readonly shared: PlainTensors; readonly taken: readonly Float32Array[] } {
  const taken: Float32Array[] = [];
  const share = (data: Float32Array): Float32Array => {
    if (isShared(data)) return data;
    const piece = memory.take(data.length);
    piece.set(data);
    taken.push(piece);
    return piece;
  };
  const shared = Object.fromEntries(Object.entries(tensors).map(([name, { dims, data }]) => [name, { dims, data: share(data) }]));
  return { shared, taken };
}

function isShared({ buffer }: Float32Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}
