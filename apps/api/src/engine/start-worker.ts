/** Settings -> a running inference process that has passed its self-test, as seen from the server. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RestoreError } from '@fairweather/core';
import type { PlainFailure, Work, WorkerReply, WorkerRequest, WorkerSettings, WorkProgress, WorkResult } from './messages.ts';

/** One inference process. It does one piece of work at a time, in the order they came, and holds the others meanwhile. */
export type InferenceWorker = {
  readonly pid: number;
  /** Execution provider in use. */
  readonly backend: string;
  /** Self-test against PyTorch, in dB. */
  readonly psnrDb: number;
  /** Better backends that were not fit, and why. */
  readonly refused: readonly string[];
  /** Aborts when the process has ended, whatever the reason. */
  readonly lost: AbortSignal;
  /**
   * An abort stops the work within one tile; a process that does not answer it in time is ended.
   * @param onProgress told of phases and tiles; nothing is sent for it when left out
   * @throws RestoreError; the signal's reason; `WorkerLost` when the process ends first
   */
  run<K extends Work['kind']>(work: Work & { readonly kind: K }, signal: AbortSignal, onProgress?: (progress: WorkProgress) => void): Promise<Done<K>>;
  end(): Promise<void>;
};

/** A result, and how long the process held the work before it began. */
export type Done<K extends Work['kind']> = { readonly result: WorkResult[K]; readonly heldMs: number };

/** The process ended while it had work; `begun` says whether it was this work it was at. */
export class WorkerLost extends Error {
  override readonly name: string = 'WorkerLost';
  readonly begun: boolean;

  constructor(message: string, { begun, cause }: { readonly begun: boolean; readonly cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.begun = begun;
  }
}

type Call = {
  resolve(done: Done<Work['kind']>): void;
  reject(error: unknown): void;
  readonly onProgress: ((progress: WorkProgress) => void) | undefined;
};

/** How long a process may take to answer an abort: far more than a tile takes. */
const ABORT_GRACE_MS = 20_000;

/**
 * A process, not a thread: ONNX Runtime and the decoders are native code, and what ends them would end the server as well. A thread could not
 * even be stopped: onnxruntime-node aborts the whole process when its thread is terminated during a run.
 * @throws Error when no backend loads the model and passes the self-test
 */
export async function startInferenceWorker(
  settings: WorkerSettings,
  { abortGraceMs = ABORT_GRACE_MS }: { readonly abortGraceMs?: number } = {},
): Promise<InferenceWorker> {
  const child = fork(fileURLToPath(new URL('./inference-worker.ts', import.meta.url)), [JSON.stringify(settings)], {
    serialization: 'advanced',
    execArgv: [],
    env: withoutOurs(process.env),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const lost = new AbortController();
  const waiting = new Map<number, Call>(); // in the order it is done
  let nextId = 1;

  const ready = new Promise<Extract<WorkerReply, { type: 'ready' }>>((resolve, reject) => {
    const lose = (message: string, cause?: unknown): void => {
      const error = new WorkerLost(message, { begun: false, cause });
      lost.abort(error);
      reject(error);
      for (const [index, call] of [...waiting.values()].entries()) call.reject(index === 0 ? new WorkerLost(message, { begun: true, cause }) : error);
      waiting.clear();
    };
    child.on('error', (cause) => lose(`The inference process failed: ${cause.message}`, cause));
    child.on('exit', (code, signal) => lose(`The inference process ended (${signal ?? `exit code ${code}`}).`));
    child.on('message', (reply: WorkerReply) => {
      if (reply.type === 'ready') return resolve(reply);
      if (reply.type === 'unfit') return reject(new Error(reply.message));
      const call = waiting.get(reply.id);
      if (reply.type === 'progress') return call?.onProgress?.(reply.progress);
      waiting.delete(reply.id);
      if (reply.type === 'done') call?.resolve(reply);
      else call?.reject(revive(reply.failure));
    });
  });

  try {
    const { backend, psnrDb, refused } = await ready;
    return { pid: child.pid ?? 0, backend, psnrDb, refused, lost: lost.signal, run, end };
  } catch (error) {
    await end();
    throw error;
  }

  /** At once: it holds nothing that must be saved. */
  async function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async function run<K extends Work['kind']>(
    work: Work & { readonly kind: K },
    signal: AbortSignal,
    onProgress?: (progress: WorkProgress) => void,
  ): Promise<Done<K>> {
    signal.throwIfAborted();
    if (lost.signal.aborted) throw lost.signal.reason;
    const id = nextId++;
    // A message that cannot be sent is one to a process that has ended; `exit` tells.
    const say = (request: WorkerRequest): boolean => child.connected && child.send(request, () => {});
    let grace: NodeJS.Timeout | undefined;
    const abort = (): void => {
      say({ type: 'abort', id });
      grace = setTimeout(end, abortGraceMs);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const answer = new Promise<Done<Work['kind']>>((resolve, reject) => waiting.set(id, { resolve, reject, onProgress }));
      say({ type: 'work', id, work, progress: onProgress !== undefined });
      const { result, heldMs } = (await answer) as Done<K>; // the process answers by the work's kind
      signal.throwIfAborted();
      return { result, heldMs };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      clearTimeout(grace);
      signal.removeEventListener('abort', abort);
    }
  }
}

/** The process that looks at untrusted bytes needs none of the server's settings, and must not hold its secrets. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(FAIRWEATHER|OTEL)_/.test(name)));
}

function revive(failure: PlainFailure): Error {
  if (failure.kind === 'restore-error') return new RestoreError(failure.code, failure.message, { details: failure.details });
  if (failure.kind === 'aborted') return new DOMException('The work was aborted.', 'AbortError');
  return Object.assign(new Error(failure.message), failure.stack === undefined ? {} : { stack: failure.stack });
}
