/** A model's files -> a model ready to work: sessions open, pool read. */
import { type KeyValuePool, readKeyValuePool } from './conditioning/key-value-pool.ts';
import { type PromptPool, readPromptPool } from './conditioning/prompt-pool.ts';
import type { GraphFactory } from './graph/graph.ts';
import type { PictureQuerySpec, StepQuerySpec } from './graph/model-spec.ts';
import type { LoadOptions, ModelStore } from './graph/model-store.ts';
import { type ModelSessions, openSessions } from './graph/sessions.ts';
import type { EngineFacts } from './report.ts';

/** A model with its sessions open and its pool read, that asks the pool once for a picture. */
export type OpenModel = ModelSessions<PictureQuerySpec> & { readonly promptQuery: 'once'; readonly pool: PromptPool; readonly engine: EngineFacts };

/** The same of a model that asks its pool at every step. */
export type OpenStepModel = ModelSessions<StepQuerySpec> & { readonly promptQuery: 'every-step'; readonly pool: KeyValuePool; readonly engine: EngineFacts };

export type AnyOpenModel = OpenModel | OpenStepModel;

/** @throws RestoreError `model-not-found`, `model-corrupt`, `manifest-invalid`, `backend-failed`, `runtime-missing` */
export async function openModel(models: ModelStore, graphs: GraphFactory, options: LoadOptions): Promise<AnyOpenModel> {
  const loaded = await models.load(options);
  const { name, spec, precision, promptPool } = loaded;
  const facts = (): EngineFacts => ({ backend: graphs.backend, precision, model: { name, version: spec.version } }); // the first graph settles the backend
  if (spec.promptQuery === 'once')
    return { ...(await openSessions(loaded, spec, graphs)), promptQuery: spec.promptQuery, pool: readPromptPool(promptPool, spec.promptPool), engine: facts() };
  return { ...(await openSessions(loaded, spec, graphs)), promptQuery: spec.promptQuery, pool: readKeyValuePool(promptPool, spec.promptPool), engine: facts() };
}
