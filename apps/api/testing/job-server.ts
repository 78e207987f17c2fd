/** One server of `many-jobs.ts`: takes jobs off Redis, restores their pictures, and says in the end which it began, and when. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openModelsDir } from '@fairweather/core/node';
import { createEngine } from '../src/engine/engine.ts';
import { startInferenceWorker } from '../src/engine/start-worker.ts';
import { openBullmqQueue } from '../src/jobs/bullmq-queue.ts';
import { openFolderStore } from '../src/jobs/folder-store.ts';
import { inputName } from '../src/jobs/job.ts';
import { createJobRunner } from '../src/jobs/run-job.ts';

export type JobServerReport = { readonly begun: readonly { readonly id: string; readonly at: number }[] };

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2] ?? '', process.argv[3] ?? '');

async function serve(url: string, folder: string): Promise<void> {
  const { manifest } = await openModelsDir();
  const ready = Promise.withResolvers<void>();
  const engine = createEngine(
    { workers: 1, perWorker: 2, queue: 4, queuePerClient: 4, deadlineMs: 120_000 },
    { manifest, startWorker: () => startInferenceWorker({ backends: ['cpu'], threads: 1, modelsDir: undefined }), onEvent: () => ready.resolve() },
  );
  await ready.promise;
  const blobs = await openFolderStore(join(folder, 'pictures'));
  const queue = await openBullmqQueue({
    concurrency: 2,
    maxWaiting: 1,
    keepMs: 3_600_000,
    maxStarts: 3,
    webhookDelayMs: () => undefined,
    onEnded: (id) => void blobs.delete(inputName(id)),
    url,
    lockMs: 30_000,
    onError: console.error,
  });
  const begun: { id: string; at: number }[] = [];
  const run = createJobRunner({ engine, blobs });
  queue.start({
    run: (job, signal, report) => {
      begun.push({ id: job.id, at: performance.timeOrigin + performance.now() });
      return run(job, signal, report);
    },
    notify: async () => {},
  });
  process.on('message', () => process.send?.({ begun } satisfies JobServerReport));
}
