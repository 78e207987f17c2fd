/** A picture and a model's sessions -> everything global: the weather found, and the prompts that guide every tile. */
import type { Pixels } from '../image/pixels.ts';
import type { Graph } from '../graph/graph.ts';
import type { GraphName, PictureQuerySpec } from '../graph/model-spec.ts';
import type { WeatherFinding } from '../report.ts';
import type { Condition } from '../sampler/denoiser.ts';
import { computeDepthPrompts, computeDepthTokens } from './depth-prompts.ts';
import { cutPatches, viewImage } from './image-view.ts';
import { type PromptPool, type PromptScores, scorePrompts, selectPrompts, uniteScores } from './prompt-pool.ts';
import { gatherWeatherPrompts } from './weather-prompts.ts';
import { computeWeatherQuery } from './weather-query.ts';
import { reportWeather } from './weather-report.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The parts of a model that conditioning needs. */
export type ConditioningModel = {
  readonly spec: Pick<PictureQuerySpec, 'view' | 'patches' | 'weathers'>;
  readonly pool: PromptPool;
  readonly graphs: Readonly<Record<Exclude<GraphName, 'denoiser'>, Graph>>;
};

/** What the picture shows, before anything is chosen. */
export type Observation = { readonly view: Tensor<'NCHW'>; readonly scores: PromptScores; readonly weather: readonly WeatherFinding[] };

/** Looks at the picture: view, patches, query, scores, weather report. */
export async function observeWeather(pixels: Pixels, { spec, pool, graphs }: ConditioningModel): Promise<Observation> {
  const view = viewImage(pixels, spec.view); // [1,3,h,w]
  const patches = cutPatches(pixels, spec.patches); // [9,3,64,64]
  const query = await computeWeatherQuery(graphs.condition, view, patches, pool.keys.dims[1] as number); // [1,C]
  const scores = scorePrompts(pool, query);
  return { view, scores, weather: reportWeather(pool, scores, spec.weathers) };
}

/** Two looks at one picture -> one, with the weather that either of them found, and the view of the second. */
export function uniteObservations(first: Observation, second: Observation, { spec, pool }: Pick<ConditioningModel, 'spec' | 'pool'>): Observation {
  const scores = uniteScores(first.scores, second.scores);
  return { view: second.view, scores, weather: reportWeather(pool, scores, spec.weathers) };
}

/** Chooses the weather prompts for what is to be removed, and computes the depth prompts. */
export async function computeCondition(
  { view, scores }: Observation,
  { spec, pool, graphs }: ConditioningModel,
  remove: readonly string[] | undefined,
): Promise<Condition> {
  const weatherPrompts = gatherWeatherPrompts(pool, scores, selectPrompts(pool, scores, spec.weathers, remove)); // [1,kL,C]
  const depthTokens = await computeDepthTokens(graphs.depth, view); // [1,N,Cd]
  const depthPrompts = await computeDepthPrompts(graphs['general-prompts'], depthTokens, pool.keys.dims[1] as number); // [1,G,C]
  return { weatherPrompts, depthPrompts };
}
