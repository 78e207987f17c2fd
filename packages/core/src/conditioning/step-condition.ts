/** A picture and the sessions of a model that queries at every step -> what stays the same for all steps and tiles. */
import type { Graph } from '../graph/graph.ts';
import type { StepGraphName, StepQuerySpec } from '../graph/model-spec.ts';
import { runGraph } from '../graph/run-graph.ts';
import type { RowSource } from '../image/resize-bilinear.ts';
import type { StepCondition } from '../sampler/step-denoiser.ts';
import { viewBilinear } from './bilinear-view.ts';
import { computeDepthTokens } from './depth-prompts.ts';
import { gatherKeyValues, type KeyValuePool, selectNearest } from './key-value-pool.ts';

/** The parts of a model that conditioning needs. */
export type StepConditioningModel = {
  readonly spec: Pick<StepQuerySpec, 'view'>;
  readonly pool: KeyValuePool;
  readonly graphs: Readonly<Record<Extract<StepGraphName, 'depth' | 'general-prompts'>, Graph>>;
};

/** View -> depth tokens -> general prompts that attended to them, as keys and values; and how to ask the pool. Once for a picture. */
export async function computeStepCondition(picture: RowSource, { spec, pool, graphs }: StepConditioningModel): Promise<StepCondition> {
  const depthTokens = await computeDepthTokens(graphs.depth, viewBilinear(picture, spec.view)); // [1,N,Cd]
  const channels = pool.keyValues.dims[2] as number; // 2C
  const depthKeyValues = await runGraph(graphs['general-prompts'], { depth_tokens: depthTokens }, 'depth_key_values', 'NKC', [1, 'any', channels]); // [1,G,2C]
  return { depthKeyValues, askPool: (query) => gatherKeyValues(pool, selectNearest(pool, query)) };
}
