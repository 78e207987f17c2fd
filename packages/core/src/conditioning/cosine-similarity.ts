/** A query and the pool's keys -> how alike they are; and the best of them. */
import { assertDims, type Tensor } from '../tensor/tensor.ts';

/**
 * @param keys  [P,C]
 * @param query [1,C]
 * @returns cosine of the query and each key, -1 to 1
 */
export function cosineSimilarities(keys: Tensor<'PC'>, query: Tensor<'NC'>): Float64Array {
  const [count, channels] = keys.dims as readonly [number, number]; // [P,C]
  assertDims('query', query, 'NC', [1, channels]);
  const queryNorm = norm(query.data, 0, channels);
  const cosines = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let dot = 0;
    for (let c = 0; c < channels; c++) dot += (query.data[c] as number) * (keys.data[i * channels + c] as number);
    cosines[i] = dot / (queryNorm * norm(keys.data, i * channels, channels));
  }
  return cosines;
}

/** Indices by falling cosine, ties to the lower index. */
export function rankByCosine(cosines: Float64Array): readonly number[] {
  return Array.from(cosines, (_, i) => i).sort((i, j) => (cosines[j] as number) - (cosines[i] as number) || i - j);
}

/** Length of a vector, kept away from 0 as in `torch.nn.functional.normalize`. */
function norm(data: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let c = start; c < start + length; c++) sum += (data[c] as number) ** 2;
  return Math.max(Math.sqrt(sum), 1e-12);
}
