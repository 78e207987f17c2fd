/**
 * Prints how far a tiled restoration is from the untiled one, in 8-bit levels, by tile size and overlap.
 *
 *     npm run bench:tiles -w @fairweather/core
 *     npm run bench:tiles -w @fairweather/core -- --overlaps 16,32,64 --tiles 256,512 photo.jpg
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createNodeCodec, createNodeGraphs, openModelsDir } from '../src/adapter/node.ts';
import { computeCondition, observeWeather } from '../src/conditioning/condition.ts';
import type { Pixels } from '../src/image/pixels.ts';
import { sniffImage } from '../src/image/sniff.ts';
import type { OpenModel } from '../src/open-model.ts';
import { DEFAULT_LIMITS } from '../src/options.ts';
import { restorePixels } from '../src/passes/restore-pixels.ts';
import type { TileSides } from '../src/tiling/tile-grid.ts';
import { openPictureModel } from '../testing/open-model.ts';
import { largestDifference, readSample } from '../testing/pictures.ts';

/** Samples in rendered weather, by width and height: the two orientations of 1,500 x 1,000, and odd sides. */
const PICTURES = [
  ['rain-and-haze.jpg', 1500, 1000],
  ['heavy-rain.jpg', 1000, 1500],
  ['snow.jpg', 1499, 997],
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { overlaps: { type: 'string' }, tiles: { type: 'string', default: '256,512,1024' }, models: { type: 'string' } },
});

const graphs = await createNodeGraphs({ backend: 'cpu' });
const model = await openPictureModel(await openModelsDir(values.models), graphs, { precision: 'fp32' });
const { multiplePx, overlapPx } = model.spec.tile;
const overlaps = values.overlaps?.split(',').map(Number) ?? [overlapPx];
const tiles = values.tiles.split(',').map(Number);
const pictures: [string, Pixels][] =
  positionals.length > 0
    ? await Promise.all(positionals.map(async (file) => [file, await decode(file)] as [string, Pixels]))
    : await Promise.all(
        PICTURES.map(async ([name, width, height]) => [`${name}, ${width}x${height}`, await readSample(name, width, height)] as [string, Pixels]),
      );

for (const [name, pixels] of pictures) {
  const untiled = await restoreBy(model, pixels, {
    sizePx: Math.ceil(Math.max(pixels.width, pixels.height) / multiplePx) * multiplePx,
    overlapPx: 0,
    multiplePx,
  });
  console.log(`${name}: largest change by the restoration ${largestDifference(untiled, pixels)}`);
  for (const overlap of overlaps)
    for (const sizePx of tiles.filter((tile) => tile >= 4 * overlap)) {
      const tiled = await restoreBy(model, pixels, { sizePx, overlapPx: overlap, multiplePx });
      console.log(
        `  tile ${String(sizePx).padStart(4)}, overlap ${String(overlap).padStart(3)}: largest difference ${largestDifference(tiled, untiled)}/${255}`,
      );
    }
}
await model.dispose();
await graphs.dispose();

async function restoreBy(open: OpenModel, pixels: Pixels, rule: TileSides): Promise<Pixels> {
  const condition = await computeCondition(await observeWeather(pixels, open), open, undefined);
  const { restored } = await restorePixels(
    pixels,
    open,
    condition,
    rule,
    { strength: 1, seed: 0, steps: 2, signal: undefined },
    { tell: () => {}, pause: () => Promise.resolve() },
  );
  return restored;
}

async function decode(file: string): Promise<Pixels> {
  const bytes = await readFile(file);
  const { format } = sniffImage(bytes, DEFAULT_LIMITS);
  return (await createNodeCodec().decode(bytes, { ...DEFAULT_LIMITS, format })).pixels;
}
