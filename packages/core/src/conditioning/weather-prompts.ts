/** Chosen sub-prompts and their weights -> the weather prompts the denoiser attends to. */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { PromptPool, PromptScores } from './prompt-pool.ts';

/** Rows of weight_i * prompts_i in the order chosen; places without a sub-prompt are zeros. @returns [1,kL,C] */
export function gatherWeatherPrompts(pool: PromptPool, { weights }: PromptScores, chosen: readonly number[]): Tensor<'NKC'> {
  const [, length, channels] = pool.prompts.dims as readonly [number, number, number]; // [P,L,C]
  const block = length * channels;
  const gathered = new Float32Array(pool.topK * block);
  for (const [place, i] of chosen.entries())
    for (let k = 0; k < block; k++) gathered[place * block + k] = (weights[i] as number) * (pool.prompts.data[i * block + k] as number);
  return tensor('NKC', [1, pool.topK * length, channels], gathered);
}
