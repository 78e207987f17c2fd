/** One case of the bench, in a process of its own: restores a file and prints what it took, as one line of JSON. */
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { createNodeCodec, createNodeGraphs, type NodeGraphOptions, openModelsDir } from '../src/adapter/node.ts';
import type { Graph, GraphFactory } from '../src/graph/graph.ts';
import type { RestoreOptions } from '../src/options.ts';
import { createRestorer } from '../src/restorer.ts';

/** What to do, as JSON in the first argument. */
export type Case = {
  readonly file: string;
  readonly times: number;
  readonly modelsDir?: string;
  readonly graphs: NodeGraphOptions;
  readonly options: RestoreOptions;
};

/** What it took. */
export type CaseResult = {
  /** Fastest of the runs, without loading the model. */
  readonly ms: number;
  /**
   * Inference within that run. On the calling thread it is the time of the sessions alone, for nothing else can run meanwhile; from a worker thread,
   * messages and waiting are in it.
   */
  readonly graphMs: number;
  /** Processor time of all threads in that run: hardly touched by what else the machine does. */
  readonly cpuMs: number;
  readonly tiles: number;
  /** Resident memory before the first run; its peak while loading may have been higher. */
  readonly loadedRssBytes: number;
  readonly peakRssBytes: number;
  readonly timings: Readonly<Record<string, number>>;
  /** Mean of all runs: what short runs and long ones can be compared by, where the machine does other things too. */
  readonly mean: { readonly ms: number; readonly graphMs: number; readonly cpuMs: number };
};

/** A factory whose graphs add up their time. */
function timed(factory: GraphFactory, sharesThread: boolean): GraphFactory & { takeMs(): number } {
  let spentMs = 0;
  const time = (graph: Graph): Graph => ({
    ...graph,
    async run(feeds, into) {
      if (sharesThread) await setImmediate(); // what the caller does beside the inference is done before the clock starts
      const start = performance.now();
      const outputs = await graph.run(feeds, into);
      spentMs += performance.now() - start;
      return outputs;
    },
  });
  return {
    get backend() {
      return factory.backend;
    },
    create: async (name, onnx, externalData) => time(await factory.create(name, onnx, externalData)),
    dispose: () => factory.dispose(),
    takeMs() {
      const ms = spentMs;
      spentMs = 0;
      return ms;
    },
  };
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const { file, times, modelsDir, graphs, options } = JSON.parse(process.argv[2] ?? '') as Case; // written by bench.ts
const factory = timed(await createNodeGraphs(graphs), graphs.worker === false);
const restorer = createRestorer({
  models: await openModelsDir(modelsDir),
  graphs: factory,
  codec: createNodeCodec(),
});
const { model, precision } = options;
await restorer.load({ ...(model === undefined ? {} : { model }), ...(precision === undefined ? {} : { precision }) });
const loadedRssBytes = process.memoryUsage().rss;

let best: Omit<CaseResult, 'mean'> | undefined;
const sum = { ms: 0, graphMs: 0, cpuMs: 0 };
for (let run = 0; run < times; run++) {
  const input = await readFile(file);
  factory.takeMs();
  const cpuBefore = process.cpuUsage();
  const { report } = await restorer.restore(input, options);
  const result = {
    ms: report.timings.total,
    graphMs: factory.takeMs(),
    cpuMs: cpuMsSince(cpuBefore),
    tiles: report.tiles.count,
    loadedRssBytes,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    timings: report.timings,
  };
  for (const key of ['ms', 'graphMs', 'cpuMs'] as const) sum[key] += result[key];
  if (best === undefined || result.ms < best.ms) best = result;
}
await restorer.dispose();
const mean = { ms: sum.ms / times, graphMs: sum.graphMs / times, cpuMs: sum.cpuMs / times };
console.log(JSON.stringify({ ...best, mean, peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
