/** A worker -> calls with an abort, events and files on demand; and the news that it has ended. */
import { describeFailure, reviveFailure } from './failure.ts';
import type { OpenRequest, Results, RunRequest, StartRequest, WorkerEvent, WorkerReply, WorkerRequest } from './messages.ts';

/** Thrown into every call when the worker ends by itself: a crash, or a lost GPU. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError';
}

export type CallOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
  /** Gives a file the worker asks for during this call. */
  readonly onNeed?: ((file: string, of: 'models' | 'runtime') => Promise<Blob>) | undefined;
};

/** Requests without their id, which the client gives. */
type Requests = {
  readonly start: Omit<StartRequest, 'id' | 'type'>;
  readonly open: Omit<OpenRequest, 'id' | 'type'>;
  readonly restore: Omit<RunRequest, 'id' | 'type'>;
  readonly inspect: Omit<RunRequest, 'id' | 'type'>;
};

export type WorkerClient = {
  /** An abort rejects at once with the signal's reason; the worker is told, and stops within one tile. */
  call<T extends keyof Results>(type: T, request: Requests[T], options?: CallOptions): Promise<Results[T]>;
  /** Whether the worker has ended. */
  readonly lost: boolean;
  /** Ends the worker at once. Calls that run are rejected with `reason`. */
  end(reason: Error): void;
};

type Call = CallOptions & { readonly resolve: (result: Results[keyof Results]) => void; readonly reject: (error: unknown) => void };

/** @param lock name of the lock that the worker takes when it starts and lets go when it dies, whatever it dies of */
export function createWorkerClient(worker: Worker, lock: string): WorkerClient {
  const calls = new Map<number, Call>();
  const watch = new AbortController();
  let nextId = 1;
  let over: Error | undefined;

  const end = (reason: Error): void => {
    if (over !== undefined) return;
    over = reason;
    watch.abort();
    worker.terminate();
    for (const { reject } of calls.values()) reject(reason);
    calls.clear();
  };
  worker.addEventListener('error', (event) => end(new WorkerLostError(`The worker failed: ${event.message || 'it could not be loaded'}.`)));
  worker.addEventListener('messageerror', () => end(new WorkerLostError('A message to the worker could not be read.')));
  worker.addEventListener('message', ({ data }: MessageEvent<WorkerReply>) => {
    if (data.type === 'lost') return end(new WorkerLostError(data.reason));
    const call = calls.get(data.id);
    if (data.type === 'event') return tellEvent(call, data.id, data.event);
    if (data.type === 'need') return void giveFile(call, data.need, data.file, data.of);
    calls.delete(data.id);
    if (data.type === 'failed') call?.reject(reviveFailure(data.failure));
    else call?.resolve(data.result);
    if (call !== undefined && data.id === 1 && data.type === 'done') watchForDeath();
  });

  /** What a listener throws stops its call. */
  const tellEvent = (call: Call | undefined, id: number, event: WorkerEvent): void => {
    try {
      call?.onEvent?.(event);
    } catch (error) {
      calls.delete(id);
      worker.postMessage({ type: 'abort', id } satisfies WorkerRequest);
      call?.reject(error);
    }
  };
  const giveFile = async (call: Call | undefined, need: number, file: string, of: 'models' | 'runtime'): Promise<void> => {
    const given = await (call?.onNeed?.(file, of) ?? Promise.reject(new DOMException('Nobody waits for the file any more.', 'AbortError'))).catch(
      (error: unknown) => describeFailure(error, call?.signal),
    );
    if (over === undefined) worker.postMessage({ type: 'file', need, file: given } satisfies WorkerRequest);
  };
  /** No event tells that a worker was killed; the lock it held is free then. */
  const watchForDeath = (): void => {
    const ended = (): void => end(new WorkerLostError('The worker has ended.'));
    navigator.locks?.request(lock, { signal: watch.signal }, ended).catch(() => {}); // rejected by our own `watch.abort`
  };

  return {
    get lost() {
      return over !== undefined;
    },
    end,
    call(type, request, options = {}) {
      return new Promise((resolve, reject) => {
        const { signal } = options;
        if (over !== undefined) return reject(over);
        if (signal?.aborted) return reject(signal.reason);
        const id = nextId++;
        const stop = (): void => {
          calls.delete(id);
          worker.postMessage({ type: 'abort', id } satisfies WorkerRequest);
          reject(signal?.reason);
        };
        const settle = (): void => signal?.removeEventListener('abort', stop);
        signal?.addEventListener('abort', stop, { once: true });
        calls.set(id, {
          ...options,
          resolve: (result) => {
            settle();
            resolve(result as never); // a request's reply is of the type that answers it
          },
          reject: (error) => {
            settle();
            reject(error);
          },
        });
        try {
          worker.postMessage({ type, id, ...request });
        } catch (error) {
          calls.delete(id);
          settle();
          reject(error); // something in the request cannot be cloned
        }
      });
    },
  };
}
