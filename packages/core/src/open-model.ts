/** A model's files -> a model ready to work: sessions open, pool read. */
import { type PromptPool, readPromptPool } from './conditioning/prompt-pool.ts';
import type { GraphFactory } from './graph/graph.ts';
import type { LoadOptions, ModelStore } from './graph/model-store.ts';
import { type ModelSessions, openSessions } from './graph/sessions.ts';
import type { EngineFacts } from './report.ts';

/** A model with its sessions open and its pool read. */
export type OpenModel = ModelSessions & { readonly pool: PromptPool; readonly engine: EngineFacts };

/** @throws RestoreError `model-not-found`, `model-corrupt`, `manifest-invalid`, `backend-failed`, `runtime-missing` */
export async function openModel(models: ModelStore, graphs: GraphFactory, options: LoadOptions): Promise<OpenModel> {
  const loaded = await models.load(options);
  const sessions = await openSessions(loaded, graphs);
  const engine = { backend: graphs.backend, precision: loaded.precision, model: { name: loaded.name, version: loaded.spec.version } };
  return { ...sessions, pool: readPromptPool(loaded.promptPool, loaded.spec.promptPool), engine };
}
