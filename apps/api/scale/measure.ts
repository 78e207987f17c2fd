/**
 * Service times of this machine for the simulation: the whole way of a picture through one restorer on the CPU, by its size.
 *
 *     npm run scale:measure -w @fairweather/api       writes scale/service-times.json
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createNodeRestorer } from '@fairweather/core/node';
import { paintPicture } from '../testing/test-server.ts';

export type ServiceTimes = {
  readonly machine: string;
  readonly threads: number;
  readonly model: string;
  /** Seconds of each run, by size. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly seconds: readonly number[] }[];
};

const SIZES = [
  [640, 480],
  [1024, 768],
  [1600, 1200],
] as const;
const RUNS = 8;

const threads = cpus().length;
const restorer = await createNodeRestorer({ backend: 'cpu', threads });
const { model } = await restorer.load();
const sizes: ServiceTimes['sizes'][number][] = [];
for (const [width, height] of SIZES) {
  const picture = await paintPicture(width, height, 'jpeg');
  await restorer.restore(picture);
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const begin = performance.now();
    await restorer.restore(picture);
    seconds.push(Math.round(performance.now() - begin) / 1000);
  }
  sizes.push({ width, height, seconds });
  console.log(`${width} x ${height}: ${seconds.join(', ')} s`);
}
await restorer.dispose();
const times: ServiceTimes = { machine: `${cpus().length} x ${cpus()[0]?.model.trim()}`, threads, model: `${model.name} ${model.version}`, sizes };
writeFileSync(fileURLToPath(new URL('service-times.json', import.meta.url)), `${JSON.stringify(times, undefined, 2)}\n`);
