/**
 * Prints what each model costs on this machine's CPU, at 256x256 and 720x480: multiply-adds, milliseconds per megapixel (of the clock, and of all
 * threads' processor time), memory. Each case runs in a process of its own; the fastest of its runs counts.
 *
 *     npm run bench:models -w @fairweather/core
 *     npm run bench:models -w @fairweather/core -- --models <folder> --names nano,t3     also --precision, --threads, --times
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openModelsDir } from '../src/adapter/node.ts';
import { encodePicture, paintPixels } from '../testing/pictures.ts';
import { runCase } from './run-case.ts';

/** Width and height of the pictures. */
const SIZES = [
  [256, 256],
  [720, 480],
] as const;
const MIB = 2 ** 20;

const { values } = parseArgs({
  options: {
    models: { type: 'string' },
    names: { type: 'string' },
    precision: { type: 'string', default: 'fp32' },
    threads: { type: 'string' },
    times: { type: 'string', default: '3' },
  },
});
const { manifest } = await openModelsDir(values.models);
const names = values.names?.split(',') ?? Object.keys(manifest.models);
const precision = values.precision as 'fp32' | 'fp16';
const graphs = { backend: 'cpu', ...(values.threads === undefined ? {} : { threads: Number(values.threads) }) } as const;
const folder = await mkdtemp(join(tmpdir(), 'fairweather-bench-'));

try {
  console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.versions.node}, onnxruntime-node on the CPU, ${precision}\n`);
  console.log(
    '| model | picture | GMAC | ms | ms per megapixel | processor ms per megapixel | tiles | memory once loaded | peak memory |\n|---|---|---|---|---|---|---|---|---|',
  );
  for (const name of names)
    for (const [width, height] of SIZES) {
      const file = join(folder, `${width}x${height}.png`);
      await writeFile(file, await encodePicture(paintPixels(width, height), 'png'));
      const options = { model: name, precision, scale: 'native' } as const;
      const result = await runCase({
        file,
        times: Number(values.times),
        ...(values.models === undefined ? {} : { modelsDir: values.models }),
        graphs,
        options,
      });
      const megapixels = (width * height) / 1e6;
      const macs = width === 256 && height === 256 ? manifest.models[name]?.macs256?.total : undefined;
      console.log(
        `| ${[
          name,
          `${width}x${height}`,
          macs === undefined ? '' : (macs / 1e9).toFixed(2),
          result.ms.toFixed(0),
          (result.ms / megapixels).toFixed(0),
          (result.cpuMs / megapixels).toFixed(0),
          result.tiles,
          `${(result.loadedRssBytes / MIB).toFixed(0)} MiB`,
          `${(result.peakRssBytes / MIB).toFixed(0)} MiB`,
        ].join(' | ')} |`,
      );
    }
} finally {
  await rm(folder, { recursive: true });
}
