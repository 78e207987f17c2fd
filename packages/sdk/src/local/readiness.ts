/** A model -> a worker in which it is loaded and trusted: the first way of working whose self-test agrees with PyTorch. */
import type { EngineFacts } from '@fairweather/core';
import type { Fallback } from '../engine-port.ts';
import { isRestoreError, RestoreError } from '../errors.ts';
import { createLadder, describeFallbacks, type Ladder, nameRung, type Rung } from './ladder.ts';
import { hasPrecision, modelOf, type PageManifest } from './manifest.ts';
import type { WebBackend, WorkerEvent } from './messages.ts';
import type { LiveWorker, OpenOptions, Workers } from './workers.ts';
import { WorkerLostError } from './worker-client.ts';

/** Runtimes agree to this, by Fairweather's standing promise; a backend below it computes something else. In dB. */
export const SELF_TEST_MIN_DB = 50;

/** Something that was left for the next thing, as it happens. */
export type StepDown = { readonly type: 'fallback'; readonly elapsedMs: number } & Fallback;

export type ReadyWorker = {
  readonly worker: LiveWorker;
  readonly rung: Rung;
  readonly facts: EngineFacts;
  readonly fallbacks: readonly Fallback[];
  /** Things worth telling, as sentences. */
  readonly notes: readonly string[];
};

export type Readiness = {
  /** @throws RestoreError `engine-unavailable` when nothing works; those of a download */
  find(manifest: PageManifest, model: string, precision: 'fp32' | 'fp16' | undefined, options: ReadyOptions): Promise<ReadyWorker>;
  /** A way of working has failed in use. @returns whether there is another one */
  giveUp(model: string, ready: ReadyWorker, reason: string): boolean;
};

export type ReadyOptions = { readonly signal: AbortSignal; readonly tell: (event: WorkerEvent | StepDown) => void };

export function createReadiness(backends: readonly WebBackend[], workers: Workers): Readiness {
  /** What was found out about a model holds for that model alone. */
  const ladders = new Map<string, Ladder>();
  const ladderOf = (model: string): Ladder => {
    const ladder = ladders.get(model) ?? createLadder(backends);
    ladders.set(model, ladder);
    return ladder;
  };

  const tryRung = async (rung: Rung, manifest: PageManifest, model: string, options: OpenOptions): Promise<Pick<ReadyWorker, 'worker' | 'facts' | 'notes'>> => {
    const worker = await workers.get(rung.backend, manifest).catch((error: unknown) => {
      throw isRestoreError(error) && error.code === 'backend-failed' ? new RungError(error.message, true) : error;
    });
    if (!worker.facts.precisions.includes(rung.precision)) throw new RungError('The graphics adapter does not compute in fp16 (shader-f16).', false);
    const { engine, psnrDb } = await workers.open(worker, rung.backend, manifest, { model, precision: rung.precision }, options);
    if (psnrDb !== undefined && !(psnrDb >= SELF_TEST_MIN_DB))
      throw new RungError(`The self-test reached ${psnrDb.toFixed(1)} dB of ${SELF_TEST_MIN_DB}: this backend computes something else.`, false);
    return { worker, facts: engine, notes: psnrDb === undefined ? [`Model ${model} has no self-test; what the backend computes was not checked.`] : [] };
  };

  return {
    async find(manifest, model, precision, { signal, tell }) {
      const begin = performance.now();
      const spec = modelOf(manifest, model);
      const ladder = ladderOf(model);
      const rungs = ladder.rungs(precision, (wanted) => hasPrecision(spec, wanted));
      const lostOnce = new Set<WebBackend>();
      /** Files of these are neither here nor to be had now; that says nothing against them later. */
      const missing = new Map<Rung, RestoreError>();
      const reasonAgainst = (rung: Rung): string | undefined => ladder.reasonAgainst(rung) ?? missing.get(rung)?.message;
      const lossNotes: string[] = [];
      for (let i = 0; i < rungs.length; ) {
        const rung = rungs[i] as Rung; // within the list
        if (reasonAgainst(rung) !== undefined) {
          i++;
          continue;
        }
        try {
          const ready = await tryRung(rung, manifest, model, { signal, tell });
          return { ...ready, rung, notes: [...lossNotes, ...ready.notes], fallbacks: describeFallbacks(rungs, rung, reasonAgainst) };
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof WorkerLostError && !lostOnce.has(rung.backend)) {
            lostOnce.add(rung.backend);
            lossNotes.push(`${error.message} It was started again.`);
            continue;
          }
          const offline = isRestoreError(error) && error.code === 'offline' ? error : undefined;
          const fault = offline === undefined ? asRungError(error) : new RungError(offline.message, false);
          if (offline === undefined) ladder.giveUp(rung, fault.message, fault.whole);
          else missing.set(rung, offline);
          const next = rungs.find((other) => reasonAgainst(other) === undefined);
          if (next !== undefined)
            tell({ type: 'fallback', from: nameRung(rung), to: nameRung(next), reason: fault.message, elapsedMs: performance.now() - begin });
          if (!rungs.some((other) => other.backend === rung.backend && ladder.reasonAgainst(other) === undefined)) workers.end(rung.backend, fault);
        }
      }
      for (const offline of missing.values()) throw offline;
      const reasons = rungs.map((rung) => `${nameRung(rung)}: ${ladder.reasonAgainst(rung)}`);
      throw new RestoreError('engine-unavailable', `No engine of this browser works. ${reasons.join(' ')}`, { details: { reasons } });
    },
    giveUp(model, { rung }, reason) {
      const ladder = ladderOf(model);
      ladder.giveUp(rung, reason, true);
      workers.end(rung.backend, new WorkerLostError(reason));
      return backends.some((backend) => backend !== rung.backend && ladder.reasonAgainst({ backend, precision: 'fp32' }) === undefined);
    },
  };
}

/** Why a rung does not hold; `whole` when none of its backend does. */
class RungError extends Error {
  readonly whole: boolean;
  constructor(message: string, whole: boolean) {
    super(message);
    this.whole = whole;
  }
}

/** @throws what is no fault of the backend: a missing network, a broken file */
function asRungError(error: unknown): RungError {
  if (error instanceof RungError) return error;
  if (error instanceof WorkerLostError) return new RungError(`${error.message} It happened twice.`, true);
  if (isRestoreError(error) && ['backend-failed', 'runtime-missing'].includes(error.code)) return new RungError(error.message, false);
  throw error;
}
