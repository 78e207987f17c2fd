/** What the server is asked before any picture is sent: its models and its limits. */
import type { EngineFacts } from '@fairweather/core';
import { type LimitsMessage, type ModelsMessage, ROUTES } from '@fairweather/core/contract';
import type { EngineCapabilities, PreloadOptions } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import type { Transport } from './transport.ts';

/** Asks for the models, which also wakes a server that sleeps. @throws RestoreError `model-not-found`, and those of every request */
export async function preloadRemote(transport: Transport, { model, precision = 'fp32', signal }: PreloadOptions = {}): Promise<EngineFacts> {
  const { models } = (await transport.request<ModelsMessage>({ path: ROUTES.models, signal })).message;
  const { name, version } = findModel(models, model);
  return { backend: 'remote', precision, model: { name, version } };
}

/** A server that does not answer, or lacks the model, is told as not available, with the reason. */
export async function askCapabilities(transport: Transport, { model }: Pick<PreloadOptions, 'model'> = {}): Promise<readonly EngineCapabilities[]> {
  const facts = { engine: 'remote', notes: [], downloadBytes: 0 } as const;
  try {
    const ask = async <T>(path: string): Promise<T> => (await transport.request<T>({ path, maxRetries: 0 })).message;
    const [limits, { models }] = await Promise.all([ask<LimitsMessage>(ROUTES.limits), ask<ModelsMessage>(ROUTES.models)]);
    const { inputFormats, outputFormats } = limits;
    return [{ ...facts, available: true, inputFormats, outputFormats, precisions: findModel(models, model).precisions }];
  } catch (error) {
    return [{ ...facts, available: false, reason: (error as Error).message, inputFormats: [], outputFormats: [], precisions: [] }];
  }
}

/** @throws RestoreError `model-not-found` */
function findModel(models: ModelsMessage['models'], model: string | undefined): ModelsMessage['models'][number] {
  const found = models.find(({ name, default: chosen }) => (model === undefined ? chosen : name === model));
  if (found !== undefined) return found;
  throw new RestoreError(
    'model-not-found',
    `The server has the models ${models.map(({ name }) => name).join(', ')}, not ${model ?? 'a default one'}; choose one of them.`,
  );
}
