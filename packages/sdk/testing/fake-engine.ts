/** An engine for tests of the client around it: gives the picture back, or fails, or waits for its abort, as the test says. */
import type { InspectResult, RestoreReport } from '../src/engine-port.ts';
import type { Engine, EngineInput, EngineKind, LocalEngineOptions, RestoreOptions } from '../src/engine-port.ts';

export type FakeEngine = Engine & { readonly seen: RestoreOptions[]; readonly disposals: number; behave(how: FakeBehaviour): void };
/** What a call does: its result comes after it has returned. */
export type FakeBehaviour = (options: RestoreOptions) => Promise<void> | void;

export function createFakeEngine(kind: EngineKind = 'wasm', { backend = 'auto' }: LocalEngineOptions = {}): FakeEngine {
  let behaviour: FakeBehaviour = () => {};
  let disposals = 0;
  const seen: RestoreOptions[] = [];
  const work = async (options: RestoreOptions = {}): Promise<void> => {
    seen.push(options);
    await behaviour(options);
  };
  const restore: Engine['restore'] = async (input, options) => {
    await work(options);
    return { image: input instanceof Blob ? input : new Blob(['pixels']), report: fakeReport(kind) };
  };
  return {
    kind: backend === 'auto' ? kind : backend,
    seen,
    get disposals() {
      return disposals;
    },
    behave: (how) => {
      behaviour = how;
    },
    restore,
    inspect: async (input: EngineInput, options) => (await restore(input, options)).report as InspectResult,
    preload: async (options) => {
      await work(options);
      return { backend: kind, precision: 'fp32', model: { name: 'small', version: '1.0.0' } };
    },
    isCached: async () => true,
    stored: async () => ({ models: [{ name: 'small', bytes: 3, precisions: ['fp32'] }], engineBytes: 2, otherBytes: 1, totalBytes: 6 }),
    clearCache: async () => {},
    capabilities: async () => [{ engine: kind, available: true, precisions: ['fp32'], inputFormats: ['png'], outputFormats: ['png'], notes: [] }],
    dispose: async () => {
      disposals++;
    },
  };
}

/** Resolves never; rejects with the reason of the abort. */
export const untilAbort: FakeBehaviour = ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

export function fakeReport(engine: EngineKind): RestoreReport {
  return {
    backend: engine,
    precision: 'fp32',
    model: { name: 'small', version: '1.0.0' },
    input: { format: 'png', width: 4, height: 2, bytes: 7, bitDepth: 8, channels: 3 },
    weather: [{ weather: 'rain', presence: 0.9, share: 1 }],
    timings: { read: 1, load: 0, decode: 1, condition: 1, restore: 5, encode: 1, total: 9 },
    warnings: [],
    removed: ['rain'],
    seed: 0,
    steps: 2,
    strength: 1,
    scale: { factor: 1, width: 4, height: 2, hazeSizes: [], reason: 'Asked for.' },
    tiles: { count: 1, sizePx: 256, overlapPx: 64 },
    output: { format: 'png', bytes: 7, bitDepth: 8 },
    run: { engine, fallbacks: [], notes: [] },
  };
}
