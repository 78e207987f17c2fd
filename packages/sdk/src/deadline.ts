/** Work under a caller's signal and a time limit -> its result, or the reason that stopped it; no listener or timer outlives it. */

/** `onTimeout` makes the error for a limit that was reached; the work's own signal is aborted with it. */
export async function withDeadline<T>(
  signal: AbortSignal | undefined,
  timeoutMs: number,
  onTimeout: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const unlink = linkSignal(signal, controller);
  const timer = setTimeout(() => controller.abort(onTimeout()), timeoutMs);
  try {
    return await untilAborted(work(controller.signal), controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error; // runtimes differ in what they throw at an abort
  } finally {
    clearTimeout(timer);
    unlink();
  }
}

/** Hands an abort on, until the returned function is called. (`AbortSignal.any` is too new for some browsers, and keeps what it links.) */
export function linkSignal(signal: AbortSignal | undefined, controller: AbortController): () => void {
  return onAbort(signal, () => controller.abort(signal?.reason));
}

/** The work's result, or the signal's reason as soon as it is aborted, whether or not the work heeds it. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = onAbort(signal, () => reject(signal?.reason));
    work.then(resolve, reject).finally(leave);
  });
}

/** Calls once, at once where it is too late already, until the returned function is called. */
function onAbort(signal: AbortSignal | undefined, stop: () => void): () => void {
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  return () => signal?.removeEventListener('abort', stop);
}
