/** The prompt pool: sub-prompts with a key and an affinity to each weather; a query scores them and chooses among the allowed. */
import { RestoreError } from '../errors.ts';
import type { PoolRule } from '../graph/manifest.ts';
import { assertDims, type Tensor, tensor } from '../tensor/tensor.ts';

export type PromptPool = {
  /** [P,C] */
  readonly keys: Tensor<'PC'>;
  /** [P,L,C] */
  readonly prompts: Tensor<'PLC'>;
  /** [P,A], rows sum to 1 */
  readonly affinities: Tensor<'PA'>;
  readonly topK: number;
  readonly similarity: PoolRule['similarity'];
};

/** How well each of the P sub-prompts answers a query. */
export type PromptScores = {
  /** Cosine of query and key, -1 to 1. */
  readonly cosines: Float64Array;
  /** sigmoid(scale * cosine + bias), 0 to 1. */
  readonly weights: Float64Array;
};

/** Float slack of the affinity sum: an affinity learnt as exactly one half counts on either side of a rounding. */
const AFFINITY_SLACK = 1e-6;

/** The pool file (little-endian float32, tensors one after another) -> the pool. */
export function readPromptPool(bytes: Uint8Array, rule: PoolRule): PromptPool {
  const { keys, prompts, affinities } = rule.tensors;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count: number): Float32Array => Float32Array.from({ length: count }, () => view.getFloat32(4 * at++, true));
  const size = (dims: readonly number[]): number => dims.reduce((product, d) => product * d, 1);
  return {
    keys: tensor('PC', keys, take(size(keys))),
    prompts: tensor('PLC', prompts, take(size(prompts))),
    affinities: tensor('PA', affinities, take(size(affinities))),
    topK: rule.topK,
    similarity: rule.similarity,
  };
}

/** Scores all sub-prompts. @param query [1,C] */
export function scorePrompts(pool: PromptPool, query: Tensor<'NC'>): PromptScores {
  const [count, channels] = pool.keys.dims as readonly [number, number]; // [P,C]
  assertDims('query', query, 'NC', [1, channels]);
  const queryNorm = norm(query.data, 0, channels);
  const cosines = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let dot = 0;
    for (let c = 0; c < channels; c++) dot += (query.data[c] as number) * (pool.keys.data[i * channels + c] as number);
    cosines[i] = dot / (queryNorm * norm(pool.keys.data, i * channels, channels));
  }
  const { scale, bias } = pool.similarity;
  return { cosines, weights: cosines.map((cosine) => 1 / (1 + Math.exp(-(scale * cosine + bias)))) };
}

/**
 * The best `topK` sub-prompts that may be used, best first; ties go to the lower index. A sub-prompt may be used when the sum of its
 * affinities over the weathers to remove is at least one half.
 * @param weathers names along the affinities' axis A
 * @param remove   names out of them; `undefined` allows all sub-prompts
 * @returns indices, at most `topK`
 * @throws RestoreError `invalid-option` when `remove` has a name the model does not know
 */
export function selectPrompts(
  pool: PromptPool,
  { cosines }: PromptScores,
  weathers: readonly string[],
  remove: readonly string[] | undefined,
): readonly number[] {
  checkRemove(weathers, remove);
  const count = pool.keys.dims[0] as number;
  const wanted = weathers.map((weather) => remove === undefined || remove.includes(weather));
  const affinity = (i: number): number => wanted.reduce((sum, w, a) => sum + (w ? (pool.affinities.data[i * weathers.length + a] as number) : 0), 0);
  return Array.from({ length: count }, (_, i) => i)
    .filter((i) => remove === undefined || affinity(i) >= 0.5 - AFFINITY_SLACK)
    .sort((i, j) => (cosines[j] as number) - (cosines[i] as number) || i - j)
    .slice(0, pool.topK);
}

/** Refuses names the model does not know. @throws RestoreError `invalid-option` */
export function checkRemove(weathers: readonly string[], remove: readonly string[] | undefined): void {
  const stranger = remove?.find((weather) => !weathers.includes(weather));
  if (stranger !== undefined)
    throw new RestoreError('invalid-option', `remove may name ${weathers.join(', ')}, got "${stranger}".`, { details: { option: 'remove', weathers } });
}

/** Length of a vector, kept away from 0 as in `torch.nn.functional.normalize`. */
function norm(data: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let c = start; c < start + length; c++) sum += (data[c] as number) ** 2;
  return Math.max(Math.sqrt(sum), 1e-12);
}
