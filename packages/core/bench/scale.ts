/**
 * Prints what `scale` saves on large photographs: time against native, of the network's part and of all, and peak memory. Each case runs in a process
 * of its own, in every round; the fastest of its runs counts.
 *
 *     npm run bench:scale -w @fairweather/core
 *     npm run bench:scale -w @fairweather/core -- --rounds 1     also --threads, --models <folder>
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ScaleOption } from '../src/options.ts';
import { AUTO_SHORT_SIDE_PX } from '../src/scaling/choose-scale.ts';
import { writeHazyPhotograph, writePhotograph } from './photograph.ts';
import type { CaseResult } from './restore-case.ts';
import { runCase } from './run-case.ts';

/** Width, height, what is written, and the scales to try; native is what the others are held against. The smallest factor is what `auto` takes for coarse rain and snow. */
const CASES: readonly (readonly [number, number, 'grain' | 'haze', readonly ScaleOption[]])[] = [
  [1084, 720, 'haze', ['native', 'auto']],
  [4000, 3000, 'haze', ['native', 'auto']],
  [8000, 6000, 'haze', ['auto']],
  [4000, 3000, 'grain', ['native', AUTO_SHORT_SIDE_PX / 3000, 0.5]],
  [8000, 6000, 'grain', [AUTO_SHORT_SIDE_PX / 6000, 0.5]],
];
const GOAL_RSS_BYTES = 1024 ** 3;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '2' }, threads: { type: 'string' }, models: { type: 'string' } } });
const graphs = { backend: 'cpu', ...(values.threads === undefined ? {} : { threads: Number(values.threads) }) } as const;
const models = values.models === undefined ? {} : { modelsDir: values.models };
const folder = await mkdtemp(join(tmpdir(), 'fairweather-bench-'));

try {
  console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}, onnxruntime-node on the CPU`);
  console.log('\n| picture | scale | tiles | ms | against native | decode / condition / restore / encode ms | peak RSS MiB |\n|---|---|---|---|---|---|---|');
  let peakRssBytes = 0;
  for (const [width, height, picture, scales] of CASES) {
    const file = await (picture === 'haze' ? writeHazyPhotograph : writePhotograph)(folder, width, height);
    const best = new Map<ScaleOption, CaseResult>();
    for (let round = 0; round < Number(values.rounds); round++)
      for (const scale of scales) {
        const result = await runCase({ file, times: 1, ...models, graphs, options: { scale } });
        const before = best.get(scale);
        if (before === undefined || result.ms < before.ms) best.set(scale, result);
        peakRssBytes = Math.max(peakRssBytes, result.peakRssBytes);
      }
    const native = best.get('native')?.ms;
    for (const [scale, { ms, tiles, timings, peakRssBytes: rss }] of best) {
      const phases = ['decode', 'condition', 'restore', 'encode'].map((phase) => (timings[phase] ?? 0).toFixed(0)).join(' / ');
      const speedUp = native === undefined ? '' : `${(native / ms).toFixed(1)} times as fast`;
      console.log(
        `| ${((width * height) / 1e6).toFixed(1)} MP, ${picture} | ${typeof scale === 'number' ? scale.toFixed(3) : scale} | ${tiles} | ${ms.toFixed(0)} | ${speedUp} | ${phases} | ${(rss / 2 ** 20).toFixed(0)} |`,
      );
    }
  }
  console.log(`\npeak RSS: ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB; goal ${GOAL_RSS_BYTES / 2 ** 20}: ${peakRssBytes <= GOAL_RSS_BYTES ? 'met' : 'MISSED'}`);
} finally {
  await rm(folder, { recursive: true });
}
