/**
 * Prints what a restoration costs on this machine: peak memory of a 48-megapixel photograph, time per megapixel from 1 to 48, and what share is
 * not the network. Each case runs in a process of its own, in every round, small pictures as often as makes 12 megapixels, so that all cases see
 * equally much of what else the machine does; the mean of the fastest round counts, for that only adds time.
 *
 *     npm run bench -w @fairweather/core
 *     npm run bench -w @fairweather/core -- --tile 768     another tile size; also --rounds, --precision, --threads, --models <folder>
 *     npm run bench -w @fairweather/core -- --model lite   another model than the default
 *     npm run bench -w @fairweather/core -- --sizes 1,12   some of the sizes, by their megapixels
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writePhotograph } from './photograph.ts';
import type { CaseResult } from './restore-case.ts';
import { runCase } from './run-case.ts';

/** Width and height of the pictures, 4:3. */
const SIZES = [
  [1152, 864],
  [2304, 1728],
  [4000, 3000],
  [5656, 4242],
  [8000, 6000],
] as const;
/** The one whose time is held against that of the bare sessions. */
const OVERHEAD_SIZE = SIZES[2];
/** Pixels restored by a case in a round, or one picture. */
const WORK_PX = 12e6;
const GOALS = { peakRssBytes: 1024 ** 3, flatness: 0.1, overhead: 0.15 };

const { values } = parseArgs({
  options: {
    tile: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    model: { type: 'string' },
    precision: { type: 'string', default: 'fp32' },
    threads: { type: 'string' },
    models: { type: 'string' },
    sizes: { type: 'string', default: '1,4,12,24,48' },
  },
});
const wanted = values.sizes.split(',').map(Number);
const sizes = SIZES.filter(([width, height]) => wanted.includes(Math.round((width * height) / 1e6)));
const options = {
  scale: 'native' as const,
  ...(values.model === undefined ? {} : { model: values.model }),
  ...(values.tile === undefined ? {} : { tile: Number(values.tile) }),
  precision: values.precision as 'fp32' | 'fp16',
};
const graphs = { backend: 'cpu', ...(values.threads === undefined ? {} : { threads: Number(values.threads) }) } as const;
const models = values.models === undefined ? {} : { modelsDir: values.models };
const folder = await mkdtemp(join(tmpdir(), 'fairweather-bench-'));

try {
  console.log(
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}, onnxruntime-node on the CPU, ${JSON.stringify(options)}`,
  );
  const files = new Map(await Promise.all(sizes.map(async (size) => [size, await writePhotograph(folder, size[0], size[1])] as const)));
  const inWorker = new Map<(typeof SIZES)[number], CaseResult>();
  let here: CaseResult | undefined;
  for (let round = 0; round < Number(values.rounds); round++)
    for (const size of sizes) {
      const work = { file: files.get(size) as string, times: Math.max(1, Math.round(WORK_PX / (size[0] * size[1]))), ...models, options };
      inWorker.set(size, fastest(inWorker.get(size), await runCase({ ...work, graphs })));
      if (size === OVERHEAD_SIZE) here = fastest(here, await runCase({ ...work, graphs: { ...graphs, worker: false } }));
    }
  printSizes([...inWorker]);
  if (here !== undefined) printOverhead(inWorker.get(OVERHEAD_SIZE) as CaseResult, here); // both or neither
} finally {
  await rm(folder, { recursive: true });
}

function printSizes(results: readonly (readonly [(typeof SIZES)[number], CaseResult])[]): void {
  console.log('\nmegapixels   tiles   total ms    ms/MP   CPU ms/MP   peak RSS MiB   decode / condition / restore / encode ms');
  for (const [[width, height], { mean, tiles, peakRssBytes, timings }] of results) {
    const megapixels = (width * height) / 1e6;
    const columns: [string | number, number][] = [
      [megapixels.toFixed(1), 10],
      [tiles, 8],
      [mean.ms.toFixed(0), 11],
      [(mean.ms / megapixels).toFixed(0), 9],
      [(mean.cpuMs / megapixels).toFixed(0), 12],
      [(peakRssBytes / 2 ** 20).toFixed(0), 15],
    ];
    const phases = ['decode', 'condition', 'restore', 'encode'].map((phase) => (timings[phase] ?? 0).toFixed(0)).join(' / ');
    console.log(`${columns.map(([value, columnWidth]) => String(value).padStart(columnWidth)).join('')}   ${phases}`);
  }
  const spread = (key: 'ms' | 'cpuMs'): number => {
    const perPixel = results.map(([[width, height], result]) => result.mean[key] / (width * height));
    return Math.max(...perPixel) / Math.min(...perPixel) - 1;
  };
  const peak = Math.max(...results.map(([, { peakRssBytes }]) => peakRssBytes));
  console.log(`\n(a) peak RSS: ${(peak / 2 ** 20).toFixed(0)} MiB; goal ${GOALS.peakRssBytes / 2 ** 20}: ${verdict(peak <= GOALS.peakRssBytes)}`);
  console.log(
    `(b) time per megapixel, slowest against fastest size: +${(100 * spread('ms')).toFixed(1)} %, in processor time +${(100 * spread('cpuMs')).toFixed(1)} %; ` +
      `goal ${100 * GOALS.flatness} %: ${verdict(spread('ms') <= GOALS.flatness)}`,
  );
}

/** Everything against the bare sessions: the same inferences of the same picture, timed on the calling thread, where nothing runs beside them. */
function printOverhead(inWorker: CaseResult, here: CaseResult): void {
  const bareMs = here.mean.graphMs;
  for (const [name, { mean }] of [
    ['inference on the calling thread', here],
    ['inference in the worker thread', inWorker],
  ] as const) {
    const overhead = mean.ms / bareMs - 1;
    console.log(
      `(c) 12 MP, ${name}: ${mean.ms.toFixed(0)} ms against ${bareMs.toFixed(0)} ms in bare sessions: +${(100 * overhead).toFixed(1)} %; goal ${100 * GOALS.overhead} %: ${verdict(overhead <= GOALS.overhead)}`,
    );
  }
}

function verdict(met: boolean): string {
  return met ? 'met' : 'MISSED';
}

/** The faster of two results, with the larger of their peaks. */
function fastest(a: CaseResult | undefined, b: CaseResult): CaseResult {
  if (a === undefined) return b;
  return { ...(a.mean.ms <= b.mean.ms ? a : b), peakRssBytes: Math.max(a.peakRssBytes, b.peakRssBytes) };
}
