/** A graph -> the same with `openChain`, which keeps in memory what a device would keep. */
import type { Chain, ChainPlan, Feeds, Graph, RingWindow } from '../src/graph/graph.ts';
import { RestoreError } from '../src/errors.ts';
import { tensor } from '../src/tensor/tensor.ts';
import { openHostRings } from './host-rings.ts';

export type ChainLog = {
  /** What was kept on the "device" and how: one entry for each chain that was opened. */
  readonly plans: ChainPlan[];
  /** How many chains have not been disposed of. */
  open: number;
  /** Runs whose output stayed, and runs whose output came back. */
  stayed: number;
  cameBack: number;
  /** Bytes of feeds that went to the "device", and of outputs that came back. */
  bytesUp: number;
  bytesDown: number;
};

/** @param room whether the device has room */
export function withHostChain(graph: Graph, room = true): Graph & Required<Pick<Graph, 'openChain'>> & { readonly log: ChainLog } {
  const log: ChainLog = { plans: [], open: 0, stayed: 0, cameBack: 0, bytesUp: 0, bytesDown: 0 };
  return {
    ...graph,
    log,
    async openChain(plan) {
      if (!room) return undefined;
      log.plans.push(plan);
      log.open += 1;
      return openChain(graph, plan, log);
    },
  };
}

function openChain(graph: Graph, plan: ChainPlan, log: ChainLog): Chain {
  const rings = openHostRings(plan.dims, plan.rings);
  const known = [plan.state, ...Object.keys(plan.changing)];
  let state = new Float32Array();
  let faulty = false;
  let disposed = false;
  log.bytesUp += bytesIn(plan.feeds);

  const compute = async (feeds: Feeds, from: RingWindow | undefined): ReturnType<Graph['run']> => {
    if (disposed) throw new Error('The chain has been disposed of.');
    const surprise = Object.keys(feeds).find((name) => !known.includes(name));
    if (surprise !== undefined) throw new Error(`"${surprise}" was not planned.`);
    const planes = from === undefined ? feeds[plan.state]?.data : rings.cut(from);
    if (planes === undefined) throw new Error(`"${plan.state}" was neither fed nor cut.`);
    log.bytesUp += bytesIn(feeds);
    state = Float32Array.from(planes);
    return graph.run({ ...plan.feeds, ...feeds, [plan.state]: tensor('NCHW', plan.dims, state) });
  };
  return {
    async runInto(feeds, from, to) {
      const outputs = await compute(feeds, from);
      log.stayed += 1;
      const output = outputs[plan.output]?.data as Float32Array;
      faulty ||= !output.every(Number.isFinite);
      rings.blend(to, output, state);
    },
    async run(feeds, from) {
      const outputs = await compute(feeds, from);
      if (faulty) throw new RestoreError('backend-failed', `"${plan.output}" had numbers that are not finite.`);
      log.cameBack += 1;
      log.bytesDown += bytesIn(outputs);
      return outputs;
    },
    async dispose() {
      if (!disposed) log.open -= 1;
      disposed = true;
    },
  };
}

/** Bytes of the numbers of some tensors. */
export function bytesIn(tensors: Readonly<Record<string, { readonly data: Float32Array }>>): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}
