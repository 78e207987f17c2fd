/** Inference processes for tests of what is around them: every picture is given back as it came, when the test says so. */
import type { RestoreReport } from '@fairweather/core';
import type { Work, WorkProgress, WorkResult } from '../src/engine/messages.ts';
import { type Done, type InferenceWorker, WorkerLost } from '../src/engine/start-worker.ts';

/** What a test does to a worker, and sees of it. */
export type FakeWorkers = {
  start(): Promise<InferenceWorker>;
  /** First bytes of the pictures, in the order they were begun. */
  readonly begun: number[];
  /** Workers started so far. */
  readonly started: number;
  /** Has the oldest piece of work tell its progress. */
  tell(progress: WorkProgress): void;
  /** Ends the oldest piece of work: with its result, with an error, or with the loss of its worker. */
  finish(): void;
  fail(error: unknown): void;
  lose(): void;
};

/** @param mode `at-once` answers by itself; `held` waits for the test */
export function createFakeWorkers(
  mode: 'at-once' | 'held',
  answer: (work: Work, onProgress?: (progress: WorkProgress) => void) => Promise<WorkResult[Work['kind']]> = async (work) => echo(work),
): FakeWorkers {
  const held: { tell(progress: WorkProgress): void; resolve(): void; reject(error: unknown): void; lose(): void }[] = [];
  const begun: number[] = [];
  let started = 0;
  return {
    begun,
    get started() {
      return started;
    },
    tell: (progress) => held[0]?.tell(progress),
    finish: () => held.shift()?.resolve(),
    fail: (error) => held.shift()?.reject(error),
    lose: () => held.shift()?.lose(),
    async start() {
      started++;
      const lost = new AbortController();
      return {
        pid: 0,
        backend: 'cpu',
        psnrDb: Number.POSITIVE_INFINITY,
        refused: [],
        lost: lost.signal,
        end: async () => lost.abort(new WorkerLost('ended', { begun: false })),
        run: async <K extends Work['kind']>(
          work: Work & { readonly kind: K },
          signal: AbortSignal,
          onProgress?: (progress: WorkProgress) => void,
        ): Promise<Done<K>> => {
          begun.push(work.input[0] ?? -1);
          if (mode === 'held')
            await new Promise<void>((resolve, reject) => {
              const entry = {
                tell: (progress: WorkProgress) => onProgress?.(progress),
                resolve,
                reject,
                lose: () => {
                  reject(new WorkerLost('lost', { begun: true }));
                  lost.abort(new WorkerLost('lost', { begun: false }));
                },
              };
              held.push(entry);
              const leave = (why: AbortSignal) => (): void => {
                if (held.includes(entry)) held.splice(held.indexOf(entry), 1);
                reject(why.reason);
              };
              signal.addEventListener('abort', leave(signal));
              lost.signal.addEventListener('abort', leave(lost.signal));
            });
          return { result: (await answer(work, onProgress)) as WorkResult[K], heldMs: 0 }; // by the work's kind
        },
      };
    },
  };
}

/** The picture as it came, under a report with the options that reached the worker. */
export function echo({ kind, input, options }: Work): WorkResult[Work['kind']] {
  const report: RestoreReport = {
    backend: 'cpu',
    precision: options.precision ?? 'fp32',
    model: { name: options.model ?? 'small', version: '1.2.3' },
    input: { format: 'png', width: 4, height: 2, bytes: input.length, bitDepth: 8, channels: 3 },
    weather: [
      { weather: 'rain', presence: 0.91, share: 0.75 },
      { weather: 'haze', presence: 0.3, share: 0.25 },
    ],
    timings: { read: 1, load: 0, decode: 2, condition: 3, restore: 40, encode: 4, total: 50 },
    warnings: [{ code: 'animated', message: 'The picture has 2 frames; the first one was restored.' }],
    removed: options.remove ?? ['rain', 'haze'],
    seed: options.seed ?? 0,
    steps: options.steps ?? 2,
    strength: options.strength ?? 1,
    scale: { factor: 1, width: 4, height: 2, hazeSizes: [], reason: 'Asked for.' },
    tiles: { count: 1, sizePx: 512, overlapPx: 64 },
    output: { format: 'png', bytes: input.length, bitDepth: 8 },
  };
  if (kind === 'restore') return { image: Uint8Array.from(input), mediaType: 'image/png', width: 4, height: 2, report };
  const { removed, seed, steps, strength, scale, tiles, output, ...seen } = report;
  return seen;
}
