/** Backends, precisions and what has failed so far -> the next way of working to try, and the steps down on the way to it. */
import type { Fallback } from '../engine-port.ts';
import type { WebBackend } from './messages.ts';

/** One way of working. */
export type Rung = { readonly backend: WebBackend; readonly precision: 'fp32' | 'fp16' };

export type Ladder = {
  /** From the preferred one down; without those that were given up. */
  rungs(precision: 'fp32' | 'fp16' | undefined, hasPrecision: (precision: 'fp32' | 'fp16') => boolean): readonly Rung[];
  /** Never tries this rung again, or, with `whole`, this backend. */
  giveUp(rung: Rung, reason: string, whole?: boolean): void;
  /** Why a rung is not tried; undefined when it is. */
  reasonAgainst(rung: Rung): string | undefined;
};

/** WebGPU computes in fp16 where it can, and else in fp32; the CPU in fp32, for it is no faster in fp16. A precision that was asked for is kept. */
export function createLadder(backends: readonly WebBackend[]): Ladder {
  const givenUp = new Map<string, string>();
  const reasonAgainst = ({ backend, precision }: Rung): string | undefined => givenUp.get(backend) ?? givenUp.get(`${backend} ${precision}`);
  return {
    rungs(precision, hasPrecision) {
      const all = backends.flatMap((backend): readonly Rung[] => {
        if (precision !== undefined) return [{ backend, precision }];
        return backend === 'webgpu'
          ? [
              { backend, precision: 'fp16' },
              { backend, precision: 'fp32' },
            ]
          : [{ backend, precision: 'fp32' }];
      });
      return all.filter((rung) => precision !== undefined || hasPrecision(rung.precision));
    },
    giveUp(rung, reason, whole = false) {
      givenUp.set(whole ? rung.backend : `${rung.backend} ${rung.precision}`, reason);
    },
    reasonAgainst,
  };
}

/** The steps down to a rung, one for every rung above it; two rungs of one backend that failed for one reason are one step. */
export function describeFallbacks(rungs: readonly Rung[], chosen: Rung, reasonAgainst: Ladder['reasonAgainst']): readonly Fallback[] {
  const fallbacks: Fallback[] = [];
  for (const [i, rung] of rungs.slice(0, rungs.indexOf(chosen)).entries()) {
    const step = { from: nameRung(rung), to: nameRung(rungs[i + 1] ?? chosen), reason: reasonAgainst(rung) ?? 'It was not tried.' };
    const sameAsBefore = fallbacks.at(-1)?.reason === step.reason && rungs[i - 1]?.backend === rung.backend;
    if (sameAsBefore) fallbacks.splice(-1, 1, { ...step, from: rung.backend });
    else fallbacks.push(step);
  }
  return fallbacks;
}

/** `webgpu fp16`, `wasm`. */
export function nameRung({ backend, precision }: Rung): string {
  return backend === 'wasm' && precision === 'fp32' ? 'wasm' : `${backend} ${precision}`;
}
