/** One piece of work that several callers wait for -> each may leave; when all have left it is stopped. */

export type SharedWork<T, E> = {
  /** Rejects with the signal's reason when this caller leaves. */
  join(signal: AbortSignal | undefined, onEvent?: (event: E) => void): Promise<T>;
  /** The same without a say. */
  readonly result: Promise<T>;
  /** Stops the work for all. */
  stop(reason: unknown): void;
};

export function shareWork<T, E>(start: (signal: AbortSignal, tell: (event: E) => void) => Promise<T>): SharedWork<T, E> {
  const abort = new AbortController();
  const listeners = new Set<(event: E) => void>();
  let callers = 0;
  let over = false;
  const work = start(abort.signal, (event) => {
    for (const listener of [...listeners]) listener(event);
  });
  const end = (): void => {
    over = true;
  };
  work.then(end, end);

  return {
    result: work,
    stop: (reason) => abort.abort(reason),
    join(signal, onEvent) {
      callers++;
      return new Promise<T>((resolve, reject) => {
        const leave = (reason: unknown): void => {
          settle();
          reject(reason);
          if (--callers === 0 && !over) abort.abort(reason);
        };
        const listener = (event: E): void => {
          try {
            onEvent?.(event);
          } catch (error) {
            leave(error); // what a listener throws stops its own call, not the others'
          }
        };
        const stop = (): void => leave(signal?.reason);
        const settle = (): void => {
          signal?.removeEventListener('abort', stop);
          listeners.delete(listener);
        };
        if (signal?.aborted) return stop();
        signal?.addEventListener('abort', stop, { once: true });
        listeners.add(listener);
        work.then(resolve, reject).finally(settle);
      });
    },
  };
}
