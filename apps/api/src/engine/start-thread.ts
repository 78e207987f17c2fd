/** Settings -> a running inference thread that has passed its self-test, as seen from the main thread. */
import { Worker } from 'node:worker_threads';
import { RestoreError } from '@fairweather/core';
import type { PlainFailure, ThreadReply, ThreadRequest, ThreadSettings, Work, WorkResult } from './messages.ts';

/** One worker thread. It takes one piece of work at a time. */
export type InferenceThread = {
  /** Execution provider in use. */
  readonly backend: string;
  /** Self-test against PyTorch, in dB. */
  readonly psnrDb: number;
  /** Better backends that were not fit, and why. */
  readonly refused: readonly string[];
  /** Aborts when the thread has ended, whatever the reason. */
  readonly lost: AbortSignal;
  /**
   * An abort stops the work within one tile; a thread that does not answer it in time is ended.
   * @throws RestoreError; the signal's reason; `ThreadLost` when the thread ends first
   */
  run<K extends Work['kind']>(work: Work & { readonly kind: K }, signal: AbortSignal): Promise<WorkResult[K]>;
  end(): Promise<void>;
};

/** The thread ended while it had work. */
export class ThreadLost extends Error {
  override readonly name: string = 'ThreadLost';
}

/** How long a thread may take to answer an abort: far more than a tile takes. */
const ABORT_GRACE_MS = 20_000;

/** @throws Error when no backend loads the model and passes the self-test */
export async function startInferenceThread(
  settings: ThreadSettings,
  { abortGraceMs = ABORT_GRACE_MS }: { readonly abortGraceMs?: number } = {},
): Promise<InferenceThread> {
  const worker = new Worker(new URL('./inference-thread.ts', import.meta.url), { workerData: settings, name: 'inference' });
  const lost = new AbortController();
  const waiting = new Map<number, { resolve(result: WorkResult[Work['kind']]): void; reject(error: unknown): void }>();
  let nextId = 1;

  const ready = new Promise<Extract<ThreadReply, { type: 'ready' }>>((resolve, reject) => {
    const lose = (error: Error): void => {
      lost.abort(error);
      reject(error);
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
    };
    worker.on('error', (cause) => lose(new ThreadLost(`The inference thread failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })));
    worker.on('exit', (code) => lose(new ThreadLost(`The inference thread ended (exit code ${code}).`)));
    worker.on('message', (reply: ThreadReply) => {
      if (reply.type === 'ready') return resolve(reply);
      if (reply.type === 'unfit') return reject(new Error(reply.message));
      const call = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.type === 'done') call?.resolve(reply.result);
      else call?.reject(revive(reply.failure));
    });
  });

  try {
    const { backend, psnrDb, refused } = await ready;
    return { backend, psnrDb, refused, lost: lost.signal, run, end };
  } catch (error) {
    await end();
    throw error;
  }

  async function end(): Promise<void> {
    await worker.terminate();
  }

  async function run<K extends Work['kind']>(work: Work & { readonly kind: K }, signal: AbortSignal): Promise<WorkResult[K]> {
    signal.throwIfAborted();
    if (lost.signal.aborted) throw lost.signal.reason;
    const id = nextId++;
    const say = (request: ThreadRequest): void => worker.postMessage(request);
    let grace: NodeJS.Timeout | undefined;
    const abort = (): void => {
      say({ type: 'abort', id });
      grace = setTimeout(end, abortGraceMs);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const answer = new Promise<WorkResult[Work['kind']]>((resolve, reject) => waiting.set(id, { resolve, reject }));
      say({ type: 'work', id, work });
      const result = (await answer) as WorkResult[K]; // the thread answers by the work's kind
      signal.throwIfAborted();
      return result;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      clearTimeout(grace);
      signal.removeEventListener('abort', abort);
    }
  }
}

function revive(failure: PlainFailure): Error {
  if (failure.kind === 'restore-error') return new RestoreError(failure.code, failure.message, { details: failure.details });
  if (failure.kind === 'aborted') return new DOMException('The work was aborted.', 'AbortError');
  return Object.assign(new Error(failure.message), failure.stack === undefined ? {} : { stack: failure.stack });
}
