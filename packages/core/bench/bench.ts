/**
 * Prints what a restoration costs on this machine: peak memory of a 48-megapixel photograph, time per megapixel from 1 to 48, and what share is
 * not the network. Each case runs in a process of its own.
 *
 *     npm run bench -w @fairweather/core
 *     npm run bench -w @fairweather/core -- --tile 768     another tile size; also --precision, --threads, --models <folder>
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import sharp from 'sharp';
import { paintPixels } from '../testing/pictures.ts';
import type { Case, CaseResult } from './restore-case.ts';

/** Width and height of the pictures, 4:3. */
const SIZES = [
  [1152, 864],
  [2304, 1728],
  [4000, 3000],
  [5656, 4242],
  [8000, 6000],
] as const;
const GOALS = { peakRssBytes: 1024 ** 3, flatness: 0.1, overhead: 0.15 };

const { values } = parseArgs({
  options: { tile: { type: 'string' }, precision: { type: 'string', default: 'fp32' }, threads: { type: 'string' }, models: { type: 'string' } },
});
const options = { ...(values.tile === undefined ? {} : { tile: Number(values.tile) }), precision: values.precision as 'fp32' | 'fp16' };
const graphs = { backend: 'cpu', ...(values.threads === undefined ? {} : { threads: Number(values.threads) }) } as const;
const models = values.models === undefined ? {} : { modelsDir: values.models };
const folder = await mkdtemp(join(tmpdir(), 'fairweather-bench-'));

try {
  console.log(
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}, onnxruntime-node on the CPU, ${JSON.stringify(options)}`,
  );
  const files = await Promise.all(SIZES.map(([width, height]) => writePhotograph(width, height)));
  await benchSizes(files);
  await benchOverhead(files[2] as string);
} finally {
  await rm(folder, { recursive: true });
}

async function benchSizes(files: readonly string[]): Promise<void> {
  console.log('\nmegapixels   tiles   total ms    ms/MP   CPU ms/MP   graphs ms/MP   peak RSS MiB   decode / condition / restore / encode ms');
  const wall: number[] = [];
  const cpu: number[] = [];
  let peak = 0;
  for (const [i, file] of files.entries()) {
    const [width, height] = SIZES[i] as readonly [number, number];
    const megapixels = (width * height) / 1e6;
    const { ms, cpuMs, graphMs, tiles, peakRssBytes, timings } = await runCase({ file, times: megapixels < 20 ? 3 : 1, ...models, graphs, options });
    wall.push(ms / megapixels);
    cpu.push(cpuMs / megapixels);
    peak = Math.max(peak, peakRssBytes);
    const columns: [string | number, number][] = [
      [megapixels.toFixed(1), 10],
      [tiles, 8],
      [ms.toFixed(0), 11],
      [(ms / megapixels).toFixed(0), 9],
      [(cpuMs / megapixels).toFixed(0), 12],
      [(graphMs / megapixels).toFixed(0), 15],
      [(peakRssBytes / 2 ** 20).toFixed(0), 15],
    ];
    const phases = ['decode', 'condition', 'restore', 'encode'].map((phase) => (timings[phase] ?? 0).toFixed(0)).join(' / ');
    console.log(`${columns.map(([value, columnWidth]) => String(value).padStart(columnWidth)).join('')}   ${phases}`);
  }
  const spread = (values: readonly number[]): number => Math.max(...values) / Math.min(...values) - 1;
  console.log(`\n(a) peak RSS at 48 MP: ${(peak / 2 ** 20).toFixed(0)} MiB; goal ${GOALS.peakRssBytes / 2 ** 20}: ${verdict(peak <= GOALS.peakRssBytes)}`);
  console.log(
    `(b) time per megapixel, slowest against fastest size: +${(100 * spread(wall)).toFixed(1)} %, in processor time +${(100 * spread(cpu)).toFixed(1)} %; ` +
      `goal ${100 * GOALS.flatness} %: ${verdict(spread(wall) <= GOALS.flatness)}`,
  );
}

/** Everything against the bare sessions, whose time is taken on the same thread, without messages. */
async function benchOverhead(file: string): Promise<void> {
  const here = await runCase({ file, times: 3, ...models, graphs: { ...graphs, worker: false }, options });
  const worker = await runCase({ file, times: 3, ...models, graphs, options });
  for (const [name, { ms }] of [
    ['inference on the calling thread', here],
    ['inference in the worker thread', worker],
  ] as const) {
    const overhead = ms / here.graphMs - 1;
    console.log(
      `(c) 12 MP, ${name}: ${ms.toFixed(0)} ms against ${here.graphMs.toFixed(0)} ms in bare sessions: +${(100 * overhead).toFixed(1)} %; goal ${100 * GOALS.overhead} %: ${verdict(overhead <= GOALS.overhead)}`,
    );
  }
}

function verdict(met: boolean): string {
  return met ? 'met' : 'MISSED';
}

async function runCase(work: Case): Promise<CaseResult> {
  const script = new URL('./restore-case.ts', import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [script.pathname, JSON.stringify(work)], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as CaseResult; // printed by restore-case.ts
}

/** A JPEG with ramps and fine grain, as heavy as a photograph. */
async function writePhotograph(width: number, height: number): Promise<string> {
  const motif = paintPixels(1000, 750);
  const repeated = await sharp(motif.data, { raw: { width: 1000, height: 750, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const jpeg = await sharp({ create: { width, height, channels: 3, background: 'black' }, limitInputPixels: false })
    .composite([{ input: repeated, tile: true, gravity: 'northwest' }])
    .jpeg({ quality: 90 })
    .toBuffer();
  const file = join(folder, `${width}x${height}.jpg`);
  await writeFile(file, jpeg);
  return file;
}
