/** The prompt pool: sub-prompts with a key and an affinity to each weather; a query scores them and chooses among the allowed. */
import { RestoreError } from '../errors.ts';
import type { PoolRule } from '../graph/model-spec.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { cosineSimilarities, rankByCosine } from './cosine-similarity.ts';
import { readPoolTensors } from './pool-file.ts';

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
  const [keyData, promptData, affinityData] = readPoolTensors(bytes, [keys, prompts, affinities]);
  return {
    keys: tensor('PC', keys, keyData),
    prompts: tensor('PLC', prompts, promptData),
    affinities: tensor('PA', affinities, affinityData),
    topK: rule.topK,
    similarity: rule.similarity,
  };
}

/** Scores all sub-prompts. @param query [1,C] */
export function scorePrompts(pool: PromptPool, query: Tensor<'NC'>): PromptScores {
  const cosines = cosineSimilarities(pool.keys, query);
  const { scale, bias } = pool.similarity;
  return { cosines, weights: cosines.map((cosine) => 1 / (1 + Math.exp(-(scale * cosine + bias)))) };
}

/** Two looks at one picture -> what either of them found: of every sub-prompt the higher score. */
export function uniteScores(a: PromptScores, b: PromptScores): PromptScores {
  const higher = (of: Float64Array, than: Float64Array): Float64Array => of.map((value, i) => Math.max(value, than[i] as number)); // one per sub-prompt
  return { cosines: higher(a.cosines, b.cosines), weights: higher(a.weights, b.weights) };
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
  const wanted = weathers.map((weather) => remove === undefined || remove.includes(weather));
  const affinity = (i: number): number => wanted.reduce((sum, w, a) => sum + (w ? (pool.affinities.data[i * weathers.length + a] as number) : 0), 0);
  return rankByCosine(cosines)
    .filter((i) => remove === undefined || affinity(i) >= 0.5 - AFFINITY_SLACK)
    .slice(0, pool.topK);
}

/** Refuses names the model does not know. @throws RestoreError `invalid-option` */
export function checkRemove(weathers: readonly string[], remove: readonly string[] | undefined): void {
  if (remove !== undefined && weathers.length === 0)
    throw new RestoreError('invalid-option', `remove cannot be used with this model, which names no weather, got "${remove.join(', ')}"; leave it out.`, {
      details: { option: 'remove', weathers },
    });
  const stranger = remove?.find((weather) => !weathers.includes(weather));
  if (stranger !== undefined)
    throw new RestoreError('invalid-option', `remove may name ${weathers.join(', ')}, got "${stranger}".`, { details: { option: 'remove', weathers } });
}
