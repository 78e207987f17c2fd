/** TypeScript against PyTorch, piece by piece and as a whole, on the model in models/manifest.json. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createNodeGraphs, openModelsDir } from '../../src/adapter/node.ts';
import { createWebGraphs } from '../../src/adapter/ort-web.ts';
import { computeDepthPrompts, computeDepthTokens } from '../../src/conditioning/depth-prompts.ts';
import { cutPatches, viewImage } from '../../src/conditioning/image-view.ts';
import { scorePrompts, selectPrompts } from '../../src/conditioning/prompt-pool.ts';
import { gatherWeatherPrompts } from '../../src/conditioning/weather-prompts.ts';
import { computeWeatherQuery } from '../../src/conditioning/weather-query.ts';
import { reportWeather } from '../../src/conditioning/weather-report.ts';
import { createDenoiser } from '../../src/sampler/denoiser.ts';
import { ddimStep } from '../../src/sampler/ddim.ts';
import { computeAlphasCumprod } from '../../src/sampler/noise-schedule.ts';
import { planDdimSteps, sampleResidual } from '../../src/sampler/sample-residual.ts';
import { createNoisePlate, cutNoise } from '../../src/tensor/gaussian-noise.ts';
import { type Layout, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { extractTile } from '../../src/tiling/extract-tile.ts';
import { expectClose } from '../../testing/expect-close.ts';
import { readGolden } from '../../testing/golden.ts';
import { openPictureModel } from '../../testing/open-model.ts';
import { GOLDEN_SEED, pixelsFromPlanes, psnr, restoreGolden } from '../../testing/golden-restoration.ts';

const models = await openModelsDir();
const graphs = await createNodeGraphs({ backend: 'cpu', worker: false });
const model = await openPictureModel(models, graphs, { precision: 'fp32' });
afterAll(async () => {
  await model.dispose();
  await graphs.dispose();
});

/** A golden array as the tensor it is. */
function golden<L extends Layout>(name: string, layout: L): Tensor<L> {
  const { dims, data } = readGolden(name);
  return tensor(layout, dims, data);
}

function expectGolden(actual: ArrayLike<number>, name: string): void {
  expectClose(actual, readGolden(name).data, readGolden(name));
}

const { schedule, weathers, view, patches, tile } = model.spec;
const channels = model.pool.keys.dims[1] as number;
const degraded = pixelsFromPlanes(readGolden('picture.degraded'));
const alphasCumprod = computeAlphasCumprod(schedule);

describe('noise and sampler', () => {
  it('the noise plate has the same bits', () => {
    const corner = (seed: number, window: Parameters<typeof cutNoise>[1]): Float32Array => cutNoise(createNoisePlate(seed), window).data;
    expectGolden(corner(0, { top: 0, left: 0, height: 4, width: 16 }), 'noise.plate.seed0');
    expectGolden(corner(0xffff_ffff, { top: 254, left: 240, height: 2, width: 16 }), 'noise.plate.seed4294967295');
    expectGolden(corner(GOLDEN_SEED, { top: 0, left: 0, height: 4, width: 300 }), 'noise.repeated');
  });
  it('the schedule is the same', () => {
    expectGolden(alphasCumprod, 'schedule.alphasCumprod');
  });
  it('a DDIM step and the last one are the same', () => {
    const noisy = golden('noise.repeated', 'NCHW');
    const predicted = golden('ddim.predictedResidual', 'NCHW');
    const at = (t: number): number => alphasCumprod[t] as number;
    expectGolden(ddimStep(noisy, predicted, { alphaCumprod: at(500), alphaCumprodPrev: at(0), clip: 1 }).data, 'ddim.step');
    expectGolden(ddimStep(noisy, predicted, { alphaCumprod: at(0), alphaCumprodPrev: 1, clip: 1 }).data, 'ddim.last');
  });
});

describe('conditioning', () => {
  it('view and patches are the same', () => {
    expect(viewImage(degraded, view).dims).toEqual(readGolden('picture.view').dims);
    expectGolden(viewImage(degraded, view).data, 'picture.view');
    expectGolden(cutPatches(degraded, patches).data, 'picture.patches');
  });
  it('the query is the same', async () => {
    expectGolden(
      (await computeWeatherQuery(model.graphs.condition, viewImage(degraded, view), cutPatches(degraded, patches), channels)).data,
      'condition.query',
    );
  });
  it('the same sub-prompts are chosen, in the same order, and weigh the same', () => {
    const scores = scorePrompts(model.pool, golden('condition.query', 'NC'));
    const padded = (chosen: readonly number[]): number[] => Array.from({ length: model.pool.topK }, (_, i) => chosen[i] ?? -1);
    const [all, rain] = [selectPrompts(model.pool, scores, weathers, undefined), selectPrompts(model.pool, scores, weathers, ['rain'])];
    expectGolden(padded(all), 'prompts.selected');
    expectGolden(padded(rain), 'prompts.selected.rain');
    expectGolden(gatherWeatherPrompts(model.pool, scores, all).data, 'prompts.weather');
    expectGolden(gatherWeatherPrompts(model.pool, scores, rain).data, 'prompts.weather.rain');
    expectGolden(
      reportWeather(model.pool, scores, weathers).map(({ presence }) => presence),
      'prompts.presence',
    );
  });
  it('depth tokens and depth prompts are the same', async () => {
    expectGolden((await computeDepthTokens(model.graphs.depth, golden('picture.view', 'NCHW'))).data, 'depth.tokens');
    expectGolden((await computeDepthPrompts(model.graphs['general-prompts'], golden('depth.tokens', 'NKC'), channels)).data, 'prompts.depth');
  });
});

describe('restoration', () => {
  const roundTo8Bits = { tolerance: 0.5 / 255, why: 'we give 8-bit pixels' };
  const expectRestored = (actual: Float32Array, name: string): void => {
    const { data, tolerance, why } = readGolden(name);
    expectClose(actual, data, { tolerance: tolerance + roundTo8Bits.tolerance, why: `${why}; ${roundTo8Bits.why}` });
  };

  it('the residual of the whole picture is the same, after one step and after two', async () => {
    const denoiser = createDenoiser(model.graphs.denoiser, { weatherPrompts: golden('prompts.weather', 'NKC'), depthPrompts: golden('prompts.depth', 'NKC') });
    const upTo = (side: number): number => Math.ceil(side / tile.multiplePx) * tile.multiplePx;
    const [height, width] = [upTo(degraded.height), upTo(degraded.width)];
    const y = extractTile(degraded, { start: 0, end: height }, { start: 0, end: width });
    const noise = cutNoise(createNoisePlate(GOLDEN_SEED), { top: 0, left: 0, height, width });
    const crop = ({ data }: Tensor<'NCHW'>): Float32Array =>
      Float32Array.from({ length: 3 * degraded.height * degraded.width }, (_, i) => {
        const [c, row, column] = [Math.floor(i / (degraded.height * degraded.width)), Math.floor(i / degraded.width) % degraded.height, i % degraded.width];
        return data[(c * height + row) * width + column] as number;
      });
    expectGolden(crop(await denoiser.predictResidual(y, noise, schedule.timesteps[0] as number)), 'restoration.step1');
    expectGolden(crop(await sampleResidual(denoiser, y, noise, planDdimSteps(alphasCumprod, schedule, 2))), 'restoration.residual');
  });
  it('the restored picture is the same', async () => {
    expectRestored(await restoreGolden(models, graphs, readGolden('picture.degraded')), 'restoration.restored');
  });
  it('the restored picture is the same when only rain is to go', async () => {
    expectRestored(await restoreGolden(models, graphs, readGolden('picture.degraded'), { remove: ['rain'] }), 'restoration.restored.rain');
  });
  it('the restored picture is the same with one step at half the strength', async () => {
    expectRestored(
      await restoreGolden(models, graphs, readGolden('picture.degraded'), { steps: 1, strength: 0.5 }),
      'restoration.restored.oneStepHalfStrength',
    );
  });
  it('a picture narrower than any tile is restored to the same', async () => {
    expectRestored(await restoreGolden(models, graphs, readGolden('narrow.degraded')), 'narrow.restored');
  });
  it('WASM gives the same picture', async () => {
    const wasm = await createWebGraphs({ backend: 'wasm', threads: 1 });
    expectRestored(await restoreGolden(models, wasm, readGolden('picture.degraded')), 'restoration.restored');
  });
  it('fp16 files give the same picture to 50 dB, on the CPU and in WASM', async () => {
    const expected = readGolden('restoration.restored').data;
    const wasm = await createWebGraphs({ backend: 'wasm', threads: 1 });
    for (const factory of [graphs, wasm])
      expect(psnr(await restoreGolden(models, factory, readGolden('picture.degraded'), { precision: 'fp16' }), expected)).toBeGreaterThan(50);
  });
});

describe.each(Object.keys(models.manifest.models).filter((name) => existsSync(new URL(`../../../../models/fixtures/${name}/golden.json`, import.meta.url))))(
  'the shipped model %s',
  (name) => {
    it('restores the golden picture as PyTorch does', async () => {
      const { tolerance, why, data } = readGolden('restoration.restored', name);
      const restored = await restoreGolden(models, graphs, readGolden('picture.degraded', name), { model: name });
      expectClose(restored, data, { tolerance: tolerance + 0.5 / 255, why: `${why}; we give 8-bit pixels` });
    });
  },
);
