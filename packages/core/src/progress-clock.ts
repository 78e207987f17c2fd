/** A clock and a listener -> phases that report themselves and are timed. */
import { type OnProgress, PHASES, type Phase, type ProgressEvent } from './progress.ts';
import type { Timings } from './report.ts';

/** An event without its time, which the clock adds. */
type Untimed<E> = E extends ProgressEvent ? Omit<E, 'elapsedMs'> : never;

export type PhaseClock = {
  /** Announces a phase, checks for an abort, runs the work and adds its time. */
  phase<T>(phase: Phase, work: () => T | Promise<T>): Promise<T>;
  tell(event: Untimed<ProgressEvent>): void;
  /** Milliseconds so far; phases that have not run stand at 0. */
  timings(): Timings;
};

/** @param now milliseconds of a monotonic clock */
export function startPhaseClock(now: () => number, onProgress: OnProgress | undefined, signal: AbortSignal | undefined): PhaseClock {
  const start = now();
  const spent = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>; // one entry per phase
  const tell = (event: Untimed<ProgressEvent>): void => onProgress?.({ ...event, elapsedMs: now() - start } as ProgressEvent); // the time was all it lacked
  return {
    tell,
    async phase(phase, work) {
      signal?.throwIfAborted();
      tell({ type: 'phase', phase });
      const begin = now();
      try {
        return await work();
      } finally {
        spent[phase] += now() - begin;
      }
    },
    timings: () => ({ ...spent, total: now() - start }),
  };
}
