/** A store and a backend -> an open model of the kind a test is about. */
import type { GraphFactory } from '../src/graph/graph.ts';
import type { LoadOptions, ModelStore } from '../src/graph/model-store.ts';
import { type OpenModel, openModel, type OpenStepModel } from '../src/open-model.ts';

/** A model that asks its pool once for a picture. */
export async function openPictureModel(models: ModelStore, graphs: GraphFactory, options: LoadOptions): Promise<OpenModel> {
  const model = await openModel(models, graphs, options);
  if (model.promptQuery !== 'once') throw new Error(`Expected a model that asks its pool once, ${model.name} asks at every step.`);
  return model;
}

/** A model that asks its pool at every step. */
export async function openStepModel(models: ModelStore, graphs: GraphFactory, options: LoadOptions): Promise<OpenStepModel> {
  const model = await openModel(models, graphs, options);
  if (model.promptQuery !== 'every-step') throw new Error(`Expected a model that asks its pool at every step, ${model.name} asks once.`);
  return model;
}
