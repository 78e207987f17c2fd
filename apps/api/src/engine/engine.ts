/** Pictures of many clients -> restored ones by a few inference processes: bounded, fair, with deadlines, through a worker's crash. */
import type { Manifest } from '@fairweather/core';
import { ApiError } from '../api-error.ts';
import { createFairQueue } from './fair-queue.ts';
import type { Work, WorkProgress, WorkResult } from './messages.ts';
import { type InferenceWorker, WorkerLost } from './start-worker.ts';

/** `failed`: no worker could be started; the process should end. */
export type EngineState = 'loading' | 'ready' | 'failed' | 'closing';

export type EngineStatus = {
  readonly state: EngineState;
  /** Execution provider; empty before the first worker is ready. */
  readonly backend: string;
  /** Workers that are ready. */
  readonly workers: number;
  /** Places taken: uploads, waiting and running work. */
  readonly taken: number;
  readonly waiting: number;
  /** Work in the workers. */
  readonly running: number;
  /** Workers lost since the start. */
  readonly crashes: number;
};

/** A place among those that are served, held from before the upload until the answer. */
export type Place = {
  /**
   * @param onProgress told of phases, steps and tiles
   * @param onPlace told of its place while it waits, 1 for the next to be begun, whenever it changes
   * @returns the result and how long it waited for a worker
   * @throws RestoreError; ApiError `deadline-exceeded`, `engine-crashed`, `shutting-down`; the signal's reason
   */
  run<K extends Work['kind']>(
    work: Work & { readonly kind: K },
    signal: AbortSignal,
    onProgress?: (progress: WorkProgress) => void,
    onPlace?: (place: number) => void,
  ): Promise<{ readonly result: WorkResult[K]; readonly waitedMs: number }>;
  /** Gives the place to others. A second call does nothing. */
  release(): void;
};

export type Engine = {
  readonly manifest: Manifest;
  status(): EngineStatus;
  /**
   * @param options.beyondLimits for work whose number is bounded elsewhere
   * @throws ApiError `not-ready`, `overloaded`, `shutting-down`, each with `retryAfterSec`
   */
  reserve(client: string, options?: { readonly beyondLimits: boolean }): Place;
  /** Takes nothing new, ends what was accepted, then the workers. @returns whether all of it ended within the time */
  close(timeoutMs: number): Promise<boolean>;
};

export type EngineSettings = {
  readonly workers: number;
  /** Pieces of work a worker has at a time: it does the first and holds the others, so that it never waits for the next. */
  readonly perWorker: number;
  /** Places beyond one a worker. */
  readonly queue: number;
  /** Places one client may hold. */
  readonly queuePerClient: number;
  /** Milliseconds from the place's first work to its end. */
  readonly deadlineMs: number;
};

export type EngineDeps = {
  readonly manifest: Manifest;
  startWorker(): Promise<InferenceWorker>;
  /** Told once per worker start, loss and giving up. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Milliseconds of a monotonic clock. @default performance.now */
  readonly now?: () => number;
};

export type EngineEvent =
  | { readonly type: 'started'; readonly backend: string; readonly psnrDb: number; readonly refused: readonly string[] }
  | { readonly type: 'lost'; readonly error: unknown }
  | { readonly type: 'failed'; readonly error: unknown };

/** Starts of a worker that may fail in a row. The first is not tried again: what is wrong at the start stays wrong. */
const MAX_RESTARTS = 3;

type Job = {
  readonly client: string;
  readonly work: Work;
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: WorkProgress) => void) | undefined;
  readonly onPlace: ((place: number) => void) | undefined;
  readonly enqueuedAt: number;
  /** What was told last. */
  place: number;
  crashes: number;
  resolve(done: { readonly result: WorkResult[Work['kind']]; readonly waitedMs: number }): void;
  reject(error: unknown): void;
};

/** Workers start at once; `status().state` is `ready` with the first of them. */
export function createEngine(settings: EngineSettings, { manifest, startWorker, onEvent = () => {}, now = () => performance.now() }: EngineDeps): Engine {
  const queue = createFairQueue<Job>();
  const taken = new Map<string, number>();
  const closing = new AbortController();
  const workers = new Set<InferenceWorker>();
  const idle = new Set<() => void>();
  /** Work that a worker holds while it does another piece, in the order it was given out. */
  const held = new Set<Job>();
  let state: EngineState = 'loading';
  let backend = '';
  let running = 0;
  let crashes = 0;
  let meanWorkMs = 1000; // until the first work is done

  const slots = Array.from({ length: settings.workers }, keepWorker);
  return { manifest, status, reserve, close };

  function status(): EngineStatus {
    return { state, backend, workers: workers.size, taken: countTaken(), waiting: queue.size, running, crashes };
  }

  function countTaken(): number {
    return [...taken.values()].reduce((sum, n) => sum + n, 0);
  }

  function reserve(client: string, { beyondLimits } = { beyondLimits: false }): Place {
    if (state === 'loading') throw new ApiError('not-ready', 'The models are still loading; come again in a few seconds.', { retryAfterSec: 3 });
    if (state !== 'ready') throw shuttingDown();
    const [all, own] = [countTaken(), taken.get(client) ?? 0];
    const retryAfterSec = Math.max(1, Math.ceil((meanWorkMs * (queue.size + 1)) / settings.workers / 1000));
    if (!beyondLimits && all >= settings.workers + settings.queue)
      throw new ApiError('overloaded', `All ${all} places are taken; come again in ${retryAfterSec} s.`, { retryAfterSec });
    if (!beyondLimits && own >= settings.queuePerClient)
      throw new ApiError('overloaded', `One client may hold ${own} places at a time; wait for an answer or come again in ${retryAfterSec} s.`, {
        retryAfterSec,
      });
    taken.set(client, own + 1);
    let held = true;
    return {
      run: (work, signal, onProgress, onPlace) => enqueue(client, work, signal, onProgress, onPlace),
      release() {
        if (!held) return;
        held = false;
        const left = (taken.get(client) ?? 1) - 1;
        if (left > 0) taken.set(client, left);
        else taken.delete(client);
        if (taken.size === 0) for (const tell of idle) tell();
      },
    };
  }

  function enqueue<K extends Work['kind']>(
    client: string,
    work: Work & { readonly kind: K },
    outer: AbortSignal,
    onProgress: ((progress: WorkProgress) => void) | undefined,
    onPlace: ((place: number) => void) | undefined,
  ): Promise<{ readonly result: WorkResult[K]; readonly waitedMs: number }> {
    // Everything that listens is taken off again: a signal of others that is listened to stays in memory, and the picture with it.
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(deadlineExceeded(settings.deadlineMs)), settings.deadlineMs);
    const signal = AbortSignal.any([outer, deadline.signal]);
    let leave = (): void => {};
    const done = new Promise<{ readonly result: WorkResult[Work['kind']]; readonly waitedMs: number }>((resolve, reject) => {
      if (state === 'failed' || closing.signal.aborted) return reject(shuttingDown());
      if (signal.aborted) return reject(signal.reason);
      const job: Job = { client, work, signal, onProgress, onPlace, enqueuedAt: now(), place: 0, crashes: 0, resolve, reject };
      leave = () => {
        if (!queue.remove(client, job)) return;
        reject(signal.reason);
        tellPlaces();
      };
      signal.addEventListener('abort', leave);
      queue.put(client, job);
      tellPlaces();
    });
    const settled = done.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
    });
    return settled as Promise<{ readonly result: WorkResult[K]; readonly waitedMs: number }>; // the worker answers by the work's kind
  }

  /** What a worker holds comes before what waits for a worker. */
  function tellPlaces(): void {
    for (const [i, job] of [...held, ...queue.order()].entries()) {
      if (job.place === i + 1) continue;
      job.place = i + 1;
      job.onPlace?.(job.place);
    }
  }

  /** One slot: a worker, and another one when it is lost, until the engine closes. */
  async function keepWorker(): Promise<void> {
    let failures = 0;
    let startedOnce = false;
    while (!closing.signal.aborted) {
      let worker: InferenceWorker;
      try {
        worker = await startWorker();
      } catch (error) {
        failures++;
        if (startedOnce && failures <= MAX_RESTARTS) continue;
        return fail(error);
      }
      failures = 0;
      startedOnce = true;
      workers.add(worker);
      backend = worker.backend;
      if (state === 'loading') state = 'ready';
      onEvent({ type: 'started', backend: worker.backend, psnrDb: worker.psnrDb, refused: worker.refused });
      const inHand = new Set<Job>();
      await Promise.all(Array.from({ length: settings.perWorker }, () => serve(worker, inHand)));
      workers.delete(worker);
      if (!closing.signal.aborted) {
        crashes++;
        onEvent({ type: 'lost', error: worker.lost.reason });
      }
      await worker.end();
    }
  }

  /** Work by work, until the worker is lost or the engine closes. */
  async function serve(worker: InferenceWorker, inHand: Set<Job>): Promise<void> {
    const stop = AbortSignal.any([worker.lost, closing.signal]);
    while (!stop.aborted) await serveNext(worker, inHand, stop);
  }

  /** A function of its own: a loop that waits for the next piece would hold the picture of the last one meanwhile. */
  async function serveNext(worker: InferenceWorker, inHand: Set<Job>, stop: AbortSignal): Promise<void> {
    const job = await queue.take(stop);
    if (job !== undefined) await runJob(worker, inHand, job);
  }

  /** @param inHand what this worker has, the piece it does first */
  async function runJob(worker: InferenceWorker, inHand: Set<Job>, job: Job): Promise<void> {
    running++;
    const begin = now();
    if (inHand.size > 0) held.add(job);
    inHand.add(job);
    tellPlaces();
    try {
      const { result, heldMs } = await worker.run(job.work, job.signal, job.onProgress);
      meanWorkMs += 0.2 * (now() - begin - heldMs - meanWorkMs);
      job.resolve({ result, waitedMs: begin - job.enqueuedAt + heldMs });
    } catch (error) {
      if (closing.signal.aborted) return job.reject(shuttingDown());
      if (!(error instanceof WorkerLost)) return job.reject(error);
      if (error.begun) job.crashes++; // the others only happened to be there; told after it, they are put before it
      job.place = 0; // it waits anew
      if (job.crashes < 2) queue.putFirst(job.client, job);
      else job.reject(new ApiError('engine-crashed', 'The inference process ended twice while it had this picture.', { cause: error }));
    } finally {
      running--;
      inHand.delete(job);
      held.delete(job);
      const [next] = inHand; // it is begun now
      if (next !== undefined) held.delete(next);
      tellPlaces();
    }
  }

  function fail(error: unknown): void {
    if (workers.size > 0 || state === 'failed' || closing.signal.aborted) return;
    state = 'failed';
    rejectWaiting();
    onEvent({ type: 'failed', error });
  }

  function rejectWaiting(): void {
    for (const job of queue.clear()) job.reject(shuttingDown());
  }

  async function close(timeoutMs: number): Promise<boolean> {
    if (state !== 'failed') state = 'closing';
    const empty = await waitUntilEmpty(timeoutMs);
    closing.abort();
    rejectWaiting();
    await Promise.all([...workers].map((worker) => worker.end()));
    await Promise.all(slots);
    return empty;
  }

  function waitUntilEmpty(timeoutMs: number): Promise<boolean> {
    if (taken.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (empty: boolean) => (): void => {
        clearTimeout(timer);
        idle.delete(tell);
        resolve(empty);
      };
      const tell = end(true);
      const timer = setTimeout(end(false), timeoutMs);
      idle.add(tell);
    });
  }
}

function deadlineExceeded(deadlineMs: number): ApiError {
  return new ApiError('deadline-exceeded', `A request may take ${deadlineMs} ms, this one took longer; send a smaller picture or come again later.`, {
    retryAfterSec: 5,
  });
}

function shuttingDown(): ApiError {
  return new ApiError('shutting-down', 'This server is ending; come again, another one will answer.', { retryAfterSec: 2 });
}
