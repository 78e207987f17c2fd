/** The inference process: a restorer of its own; work in, results out, one at a time. Untrusted bytes are looked at nowhere else. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { isRestoreError, type OnProgress, type Restorer } from '@fairweather/core';
import { createNodeRestorer, type NodeBackend } from '@fairweather/core/node';
import type { PlainFailure, WorkerReply, WorkerRequest, WorkerSettings, Work, WorkResult } from './messages.ts';
import { measureSelfTest, SELF_TEST_MIN_DB } from './self-test.ts';

const [, , settings = '{}'] = process.argv;
if (process.send !== undefined) await serve(JSON.parse(settings) as WorkerSettings); // started by `start-worker`, who writes the settings

async function serve(settings: WorkerSettings): Promise<void> {
  // A message that cannot be sent is one to a server that has ended; `disconnect` tells.
  const tell = (reply: WorkerReply): void => void process.send?.(reply, undefined, undefined, () => {});
  // A terminal sends its signals to all processes: the server decides when this one ends, and without a server it has no work.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit());
  const opened = await openFirstFit(settings).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (opened instanceof Error) return tell({ type: 'unfit', message: opened.message });
  const { restorer, backend, psnrDb, refused } = opened;

  const controllers = new Map<number, AbortController>();
  let before: Promise<void> = Promise.resolve();
  process.on('message', (request: WorkerRequest) => {
    if (request.type === 'abort') return controllers.get(request.id)?.abort();
    const controller = new AbortController();
    controllers.set(request.id, controller);
    const cameAt = performance.now();
    before = before.then(() => doWork(request, controller, cameAt));
  });
  const doWork = async ({ id, work, progress }: Extract<WorkerRequest, { type: 'work' }>, controller: AbortController, cameAt: number): Promise<void> => {
    const heldMs = performance.now() - cameAt;
    const onProgress: OnProgress = (event) => {
      if (progress && (event.type === 'phase' || event.type === 'step' || event.type === 'tile')) tell({ type: 'progress', id, progress: event });
    };
    try {
      controller.signal.throwIfAborted();
      tell({ type: 'done', id, result: await run(restorer, work, controller.signal, onProgress), heldMs });
    } catch (error) {
      tell({ type: 'failed', id, failure: describe(error, controller.signal) });
    } finally {
      controllers.delete(id);
    }
  };
  tell({ type: 'ready', backend, psnrDb, refused });
}

function run(restorer: Restorer, { kind, input, options }: Work, signal: AbortSignal, onProgress: OnProgress): Promise<WorkResult[Work['kind']]> {
  return kind === 'restore' ? restorer.restore(input, { ...options, signal, onProgress }) : restorer.inspect(input, { ...options, signal, onProgress });
}

type Fit = { readonly restorer: Restorer; readonly backend: string; readonly psnrDb: number; readonly refused: readonly string[] };

/** The first backend that loads the default model and passes the self-test. */
async function openFirstFit({ backends, threads, modelsDir = findModelsDir() }: WorkerSettings): Promise<Fit> {
  // The core's own `auto` is CUDA where it works, else the CPU.
  const candidates = backends.flatMap((backend): readonly NodeBackend[] =>
    backend !== 'auto' ? [backend] : hasGraphicsDevice() ? ['auto', 'webgpu', 'cpu'] : ['auto', 'cpu'],
  );
  const refused: string[] = [];
  for (const candidate of candidates) {
    try {
      // Nothing else happens in this process: inference on its main thread.
      const restorer = await createNodeRestorer({ backend: candidate, threads, modelsDir, worker: false });
      const facts = await restorer.load();
      const better = candidate === 'auto' && facts.backend === 'cpu' && candidates.includes('webgpu');
      const psnrDb = better ? Number.NaN : await measureSelfTest(restorer, modelsDir);
      if (psnrDb >= SELF_TEST_MIN_DB) return { restorer, backend: facts.backend, psnrDb, refused };
      if (!better) refused.push(`${facts.backend}: the self-test reached ${psnrDb.toFixed(1)} dB of ${SELF_TEST_MIN_DB}`);
      await restorer.dispose();
    } catch (error) {
      refused.push(`${candidate}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`No backend is fit: ${refused.join('; ')}`);
}

function findModelsDir(): string {
  return dirname(createRequire(import.meta.url).resolve('@fairweather/models/manifest.json'));
}

function hasGraphicsDevice(): boolean {
  return existsSync('/dev/nvidiactl') || existsSync('/dev/dri');
}

function describe(error: unknown, signal: AbortSignal): PlainFailure {
  if (signal.aborted) return { kind: 'aborted' };
  if (isRestoreError(error)) return { kind: 'restore-error', code: error.code, message: error.message, details: error.details };
  return error instanceof Error ? { kind: 'other', message: error.message, stack: error.stack } : { kind: 'other', message: String(error), stack: undefined };
}
