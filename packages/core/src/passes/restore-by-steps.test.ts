import { describe, expect, it } from 'vitest';
import { createFakeStepGraphs, createFakeStepRestorer, createFakeStepStore, type FakeStepOptions } from '../../testing/fake-step-model.ts';
import { openStepModel } from '../../testing/open-model.ts';
import { decodePicture, encodePicture, largestDifference, paintPixels } from '../../testing/pictures.ts';
import { expectClose } from '../../testing/expect-close.ts';
import { computeStepCondition } from '../conditioning/step-condition.ts';
import type { Feeds } from '../graph/graph.ts';
import { rowsOfPixels } from '../image/resize-bilinear.ts';
import type { Pixels } from '../image/pixels.ts';
import type { ProgressEvent } from '../progress.ts';
import { restoreBySteps } from './restore-by-steps.ts';
import { computeAlphasCumprod } from '../sampler/noise-schedule.ts';
import { planDdimSteps, sampleResidual } from '../sampler/sample-residual.ts';
import { averageQueries, createStepDenoiser } from '../sampler/step-denoiser.ts';
import { createNoisePlate, cutNoise } from '../tensor/gaussian-noise.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { extractTile } from '../tiling/extract-tile.ts';

const quiet = { tell: () => {}, pause: () => Promise.resolve() };
const options = { strength: 1, seed: 5, steps: 2, signal: undefined } as const;

/** Red up to a column, blue from there on. */
function paintRedAndBlue(width: number, height: number, border: number): Pixels {
  const at = (i: number): number => (i % 3 === (Math.floor(i / 3) % width < border ? 0 : 2) ? 250 : 10);
  return { width, height, channels: 3, data: Uint8Array.from({ length: 3 * width * height }, (_, i) => at(i)) };
}

/** Restores, and says which graphs ran with what. */
async function restore(pixels: Pixels, { keptFeaturesBytes, tile }: { keptFeaturesBytes?: number; tile?: FakeStepOptions['tile'] } = {}) {
  const runs: { readonly graph: string; readonly feeds: Feeds }[] = [];
  const graphs = createFakeStepGraphs({ onRun: (graph, feeds) => runs.push({ graph, feeds }) });
  const model = await openStepModel(await createFakeStepStore(tile === undefined ? {} : { tile }), graphs, { precision: 'fp32' });
  const condition = await computeStepCondition(rowsOfPixels(pixels), model);
  const deps = { ...quiet, ...(keptFeaturesBytes === undefined ? {} : { keptFeaturesBytes }) };
  const { restored, tiles } = await restoreBySteps(pixels, model, condition, model.spec.tile, options, deps);
  const count = (name: string): number => runs.filter(({ graph }) => graph === name).length;
  return { restored, tiles, runs, count, model, condition };
}

describe('restoring by a model that asks its pool at every step', () => {
  it('adds a residual that estimates clean - degraded: one tile is what the sampler gives untiled', async () => {
    const pixels = paintPixels(60, 37);
    const { restored, tiles, model, condition } = await restore(pixels);
    expect(tiles).toBe(1);
    const degraded = extractTile(pixels, { start: 0, end: 37 }, { start: 0, end: 60 });
    const { schedule } = model.spec;
    const { data: residual } = await sampleResidual(
      createStepDenoiser(model.graphs, condition),
      degraded,
      cutNoise(createNoisePlate(5), { top: 0, left: 0, height: 37, width: 60 }),
      planDdimSteps(computeAlphasCumprod(schedule), schedule, 2),
    );
    const expected = degraded.data.map((value, i) => Math.min(1, Math.max(0, value + (residual[i] as number))));
    const planes = extractTile(restored, { start: 0, end: 37 }, { start: 0, end: 60 });
    expectClose(planes.data, expected, { tolerance: 0.501 / 255, why: '8-bit samples' });
    expect(largestDifference(restored, pixels)).toBeGreaterThan(20);
  });

  it('asks the pool once a step, with the mean query of all tiles', async () => {
    // Half red, half blue: left to themselves, its tiles would choose differently.
    const { runs, tiles, count } = await restore(paintRedAndBlue(150, 100, 75));
    const own = await Promise.all([64, 0].map((border) => restore(paintRedAndBlue(64, 64, border))));
    expect(new Set(own.map((one) => String(one.runs.find(({ graph }) => graph === 'decoder')?.feeds.weather_key_values?.data))).size).toBe(2);
    expect(tiles).toBe(6);
    expect([count('depth'), count('general-prompts')]).toEqual([1, 1]);
    const answers = runs.filter(({ graph }) => graph === 'decoder').map(({ feeds }) => (feeds.weather_key_values as Tensor).data);
    expect(answers).toHaveLength(2 * tiles);
    for (const [step, first] of [answers[0], answers[tiles]].entries())
      for (const answer of answers.slice(step * tiles, (step + 1) * tiles)) expect(answer).toEqual(first);
  });

  it('gives the same bytes whether features are kept, kept in part, or computed again', async () => {
    const pixels = paintPixels(150, 100);
    const all = await restore(pixels);
    expect(all.count('encoder')).toBe(2 * all.tiles);
    const none = await restore(pixels, { keptFeaturesBytes: 0 });
    expect(none.count('encoder')).toBe(4 * none.tiles);
    const some = await restore(pixels, { keptFeaturesBytes: 200_000 });
    expect(some.count('encoder')).toBeGreaterThan(2 * some.tiles);
    expect(some.count('encoder')).toBeLessThan(4 * some.tiles);
    expect(none.restored).toEqual(all.restored);
    expect(some.restored).toEqual(all.restored);
  });

  it('keeps the features of a single tile whatever they take', async () => {
    expect((await restore(paintPixels(60, 37), { keptFeaturesBytes: 0 })).count('encoder')).toBe(2);
  });

  it('tiles a local network without seams: the same prompts, the same pixels to 1/255', async () => {
    const pixels = paintPixels(150, 100);
    const whole = await restore(pixels, { tile: { sizePx: 160, overlapPx: 8, multiplePx: 1, receptiveFieldPx: 1 } });
    expect(whole.tiles).toBe(1);
    const tiled = await restore(pixels);
    // The same sub-prompts were chosen, so that pixels can be compared.
    const answer = ({ runs }: typeof whole): Tensor => runs.find(({ graph }) => graph === 'decoder')?.feeds.weather_key_values as Tensor;
    expect(answer(tiled)).toEqual(answer(whole));
    expect(largestDifference(tiled.restored, whole.restored)).toBeLessThanOrEqual(1); // weights of a hand-over round
  });

  it.each([
    [1, 1],
    [1, 200],
    [200, 1],
    [65, 17],
  ])('works on a picture of %i x %i', async (width, height) => {
    const { restored } = await restore(paintPixels(width, height));
    expect([restored.width, restored.height]).toEqual([width, height]);
  });

  it('stops within one inference when aborted', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const restorer = await createFakeStepRestorer({
      onRun: (graph) => {
        seen.push(graph);
        if (graph === 'decoder') controller.abort();
      },
    });
    const call = restorer.restore(await encodePicture(paintPixels(150, 100), 'png'), { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen.filter((graph) => graph === 'decoder')).toHaveLength(1);
  });

  it('tells progress in order up to the last tile, and every rectangle once', async () => {
    const events: ProgressEvent[] = [];
    const restorer = await createFakeStepRestorer();
    await restorer.restore(await encodePicture(paintPixels(150, 100), 'png'), { onProgress: (event) => events.push(event) });
    const tiles = events.flatMap((event) => (event.type === 'tile' ? [event.tile / event.tiles] : []));
    expect(tiles).toEqual(Array.from({ length: 6 }, (_, i) => (i + 1) / 6));
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(12);
    const patches = events.flatMap((event) => (event.type === 'patch' ? [event.width * event.height] : []));
    expect(patches).toHaveLength(6);
    expect(patches.reduce((sum, area) => sum + area, 0)).toBe(150 * 100);
  });

  it('names no weather, and refuses to remove one', async () => {
    const restorer = await createFakeStepRestorer();
    const file = await encodePicture(paintPixels(30, 20), 'png');
    const { report, image } = await restorer.restore(file);
    expect(report).toMatchObject({ weather: [], removed: [], model: { name: 'fake-step' } });
    expect((await restorer.inspect(file)).weather).toEqual([]);
    expect(largestDifference(await decodePicture(image), paintPixels(30, 20))).toBeGreaterThan(0);
    await expect(restorer.restore(file, { remove: ['rain'] })).rejects.toMatchObject({ code: 'invalid-option', message: /names no weather/ });
  });
});

describe('the query of a picture', () => {
  it('is the mean over the positions of all its tiles', () => {
    const tile = (positions: number, ...query: number[]) => ({ positions, query: tensor('NC', [1, 2], Float32Array.from(query)) });
    expect([...averageQueries([tile(1, 4, 0), tile(3, 0, 8)]).data]).toEqual([1, 6]);
  });
});
