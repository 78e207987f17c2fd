/** The prompt pool of a model that asks at every step: a query -> keys and values of the nearest sub-prompts. A pure function: nothing is remembered. */
import type { KeyValuePoolRule } from '../graph/model-spec.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { cosineSimilarities, rankByCosine } from './cosine-similarity.ts';
import { readPoolTensors } from './pool-file.ts';

export type KeyValuePool = {
  /** [P,C] */
  readonly keys: Tensor<'PC'>;
  /** Attention's keys, then its values, of each sub-prompt's tokens: [P,L,2C]. */
  readonly keyValues: Tensor<'PLC'>;
  readonly topK: number;
};

/** The pool file (little-endian float32, tensors one after another) -> the pool. */
export function readKeyValuePool(bytes: Uint8Array, { tensors, topK }: KeyValuePoolRule): KeyValuePool {
  const [keys, keyValues] = readPoolTensors(bytes, [tensors.keys, tensors.keyValues]);
  return { keys: tensor('PC', tensors.keys, keys), keyValues: tensor('PLC', tensors.keyValues, keyValues), topK };
}

/** The `topK` nearest keys by cosine, best first, ties to the lower index. @param query [1,C] */
export function selectNearest({ keys, topK }: KeyValuePool, query: Tensor<'NC'>): readonly number[] {
  return rankByCosine(cosineSimilarities(keys, query)).slice(0, topK);
}

/** The chosen sub-prompts' rows, one after another, not weighted. @returns [1,kL,2C] */
export function gatherKeyValues({ keyValues }: KeyValuePool, chosen: readonly number[]): Tensor<'NKC'> {
  const [, length, channels] = keyValues.dims as readonly [number, number, number]; // [P,L,2C]
  const block = length * channels;
  const gathered = new Float32Array(chosen.length * block);
  for (const [place, i] of chosen.entries()) gathered.set(keyValues.data.subarray(i * block, (i + 1) * block), place * block);
  return tensor('NKC', [1, chosen.length * length, channels], gathered);
}
