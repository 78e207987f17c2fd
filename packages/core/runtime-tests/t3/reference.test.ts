/** The paper's own network through the core, against what the authors' code gave: every intermediate that exists here, from weights anyone can make again. */
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createNodeGraphs, createNodeRestorer, openModelsDir } from '../../src/adapter/node.ts';
import { planBilinearView } from '../../src/conditioning/bilinear-view.ts';
import { cosineSimilarities } from '../../src/conditioning/cosine-similarity.ts';
import { selectNearest } from '../../src/conditioning/key-value-pool.ts';
import { computeStepCondition } from '../../src/conditioning/step-condition.ts';
import type { Feeds, Graph } from '../../src/graph/graph.ts';
import type { Pixels } from '../../src/image/pixels.ts';
import { resizeBilinear, type RowSource, rowsOfPixels } from '../../src/image/resize-bilinear.ts';
import { restoreBySteps } from '../../src/passes/restore-by-steps.ts';
import { computeAlphasCumprod } from '../../src/sampler/noise-schedule.ts';
import { planDdimSteps, sampleResidual } from '../../src/sampler/sample-residual.ts';
import { createStepDenoiser } from '../../src/sampler/step-denoiser.ts';
import { subtractResidual } from '../../src/sampler/subtract-residual.ts';
import { createNoisePlate, cutNoise } from '../../src/tensor/gaussian-noise.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { expectClose } from '../../testing/expect-close.ts';
import { planesFromPixels, psnr } from '../../testing/golden-restoration.ts';
import { openStepModel } from '../../testing/open-model.ts';
import { decodePicture, encodePicture, largestDifference, paintPixels } from '../../testing/pictures.ts';
import { prepareStandIn } from './stand-in.ts';

/** Largest absolute difference that the fixtures' README allows float32: 4 to 10 times the authors' own float32 error, for other kernels sum in another order. */
const TOLERANCES = {
  depth_input: 1e-5,
  depth_tokens: 1e-4,
  depth_prompts: 1e-4,
  time_embedding: 5e-5,
  query: 3e-4,
  cosine: 1e-5,
  bottleneck: 1e-3,
  predicted_residual: 2e-4,
  noisy_residual: 2e-4,
  residual: 2e-4,
  restored: 2e-4,
  stage_probe: 1e-3,
  stage_moments: 1e-4,
} as const;
const RESIDUAL_RMS = 5e-5;

const standIn = prepareStandIn();
const models = await openModelsDir(standIn.modelsDir);
const factory = await createNodeGraphs({ backend: 'cpu', worker: false });
const model = await openStepModel(models, factory, { precision: 'fp32' });
afterAll(async () => {
  await model.dispose();
  await factory.dispose();
});
const { schedule } = model.spec;
const alphasCumprod = computeAlphasCumprod(schedule);

/** The largest difference from the fixtures, so that a failure says how far and a passing run how near. */
function deviation(actual: ArrayLike<number>, expected: ArrayLike<number>): { readonly largest: number; readonly rms: number } {
  expect(actual.length).toBe(expected.length);
  let [largest, squares] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    largest = Math.max(largest, difference); // NaN stays
    squares += difference ** 2;
  }
  return { largest, rms: Math.sqrt(squares / expected.length) };
}

function expectReference(actual: ArrayLike<number>, place: string): void {
  const name = place.slice(place.indexOf('/') + 1).replace(/_t\d+$/, '') as keyof typeof TOLERANCES;
  const { largest, rms } = deviation(actual, standIn.read(place).data);
  console.log(`${place.padEnd(32)} ${largest.toExponential(1)} of ${TOLERANCES[name].toExponential(0)}`);
  expect(largest).toBeLessThanOrEqual(TOLERANCES[name]);
  if (name.includes('residual') || name === 'restored') expect(rms).toBeLessThanOrEqual(RESIDUAL_RMS);
}

/** A picture of the fixtures as rows. */
function rowsOf({ dims, data }: Pick<Tensor, 'dims' | 'data'>): RowSource {
  const [height, width] = dims.slice(-2) as [number, number]; // [3,H,W]
  const read = (y: number, row: Float32Array): void => {
    for (let c = 0; c < 3; c++) row.set(data.subarray((c * height + y) * width, (c * height + y + 1) * width), c * width);
  };
  return { height, width, read };
}

type Run = { readonly feeds: Feeds; readonly outputs: Awaited<ReturnType<Graph['run']>> };

/** The same graph; what it took and gave is added to `runs`. */
function recorded(graph: Graph, runs: Run[]): Graph {
  return {
    ...graph,
    async run(feeds) {
      const outputs = await graph.run(feeds);
      runs.push({ feeds, outputs });
      return outputs;
    },
  };
}

/** Through the core's own functions, with every graph recorded. */
async function restoreCase(name: string) {
  const picture = standIn.read(`${name}/degraded`);
  const runs = { depth: [] as Run[], 'general-prompts': [] as Run[], encoder: [] as Run[], decoder: [] as Run[] };
  const graphs = {
    depth: recorded(model.graphs.depth, runs.depth),
    'general-prompts': recorded(model.graphs['general-prompts'], runs['general-prompts']),
    encoder: recorded(model.graphs.encoder, runs.encoder),
    decoder: recorded(model.graphs.decoder, runs.decoder),
  };
  const condition = await computeStepCondition(rowsOf(picture), { ...model, graphs });
  const dims = [1, ...picture.dims];
  const denoiser = createStepDenoiser(graphs, condition);
  const noise = tensor('NCHW', dims, standIn.read(`${name}/noise`).data);
  const residual = await sampleResidual(denoiser, tensor('NCHW', dims, picture.data), noise, planDdimSteps(alphasCumprod, schedule, 2));
  return { runs, residual: residual.data };
}

/** Outputs of an encoder run by their stage's place in `stage_probe`. */
const STAGES: readonly (readonly [string, number])[] = [
  ['intro_features', 0],
  ['skip_0', 1],
  ['skip_1', 3],
  ['skip_2', 5],
  ['skip_3', 7],
  ['bottleneck', 9],
];

/** Channels 0 to 15 at row 1, column 2; mean and standard deviation. */
function probe({ dims, data }: { readonly dims: readonly number[]; readonly data: Float32Array }) {
  const [, , height, width] = dims as readonly [number, number, number, number];
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  return { channels: Array.from({ length: 16 }, (_, c) => data[(c * height + 1) * width + 2] as number), moments: [mean, Math.sqrt(variance)] };
}

describe.each(['64x96', '50x70'])('the %s case is what the authors get', async (name) => {
  const { runs, residual } = await restoreCase(name);
  const only = <T>(list: readonly T[]): T => {
    expect(list).toHaveLength(1);
    return list[0] as T;
  };

  it('view, depth tokens and depth prompts, computed once', () => {
    const depth = only(runs.depth);
    expect(depth.feeds.view?.dims).toEqual([1, ...standIn.read(`${name}/depth_input`).dims]);
    expectReference(depth.feeds.view?.data ?? [], `${name}/depth_input`);
    expectReference(depth.outputs.depth_tokens?.data ?? [], `${name}/depth_tokens`);
    const prompts = only(runs['general-prompts']).outputs.depth_prompts?.data ?? new Float32Array();
    const [rows, channels] = standIn.read(`${name}/depth_prompts`).dims as [number, number];
    const every = prompts.length / channels / rows; // the smaller case keeps rows 0, 8, 16, …
    expectReference(
      Float32Array.from({ length: rows * channels }, (_, i) => prompts[every * Math.floor(i / channels) * channels + (i % channels)] as number),
      `${name}/depth_prompts`,
    );
  });

  it.each([
    ['t500', 0],
    ['t0', 1],
  ] as const)('every intermediate of the pass at %s; the same sub-prompts are chosen', (step, pass) => {
    const [encoder, decoder] = [runs.encoder[pass] as Run, runs.decoder[pass] as Run];
    expect(runs.encoder).toHaveLength(2);
    expect(encoder.feeds.timestep?.data[0]).toBe(schedule.timesteps[pass]);
    const at = (output: string): { readonly dims: readonly number[]; readonly data: Float32Array } => {
      const value = encoder.outputs[output];
      if (value === undefined) throw new Error(`The encoder gave no ${output}.`);
      return value;
    };
    expectReference(at('time_embedding').data, `${name}/time_embedding_${step}`);
    expectReference(at('bottleneck').data, `${name}/bottleneck_${step}`);
    expectReference(at('query').data, `${name}/query_${step}`);
    const query = tensor('NC', at('query').dims, at('query').data);
    expectReference(cosineSimilarities(model.pool.keys, query), `${name}/cosine_${step}`);

    const chosen = selectNearest(model.pool, query);
    expect([...chosen].sort((a, b) => a - b)).toEqual([...standIn.read(`${name}/selected_${step}`).data]);
    // And it is their keys and values that the decoder got, in this order.
    const block = (model.pool.keyValues.dims[1] as number) * (model.pool.keyValues.dims[2] as number);
    for (const [place, id] of chosen.entries())
      expect(decoder.feeds.weather_key_values?.data.subarray(place * block, (place + 1) * block)).toEqual(
        model.pool.keyValues.data.subarray(id * block, (id + 1) * block),
      );

    const [probes, moments] = [standIn.read(`${name}/stage_probe_${step}`).data, standIn.read(`${name}/stage_moments_${step}`).data];
    for (const [output, stage] of STAGES) {
      const found = probe(at(output));
      expectClose(found.channels, probes.subarray(16 * stage, 16 * stage + 16), { tolerance: TOLERANCES.stage_probe, why: `stage ${stage}, ${output}` });
      expectClose(found.moments, moments.subarray(2 * stage, 2 * stage + 2), { tolerance: TOLERANCES.stage_moments, why: `stage ${stage}, ${output}` });
    }
    if (step === 't0') expectReference(encoder.feeds.noisy_residual?.data ?? [], `${name}/noisy_residual_t0`);
    expectReference(decoder.outputs.residual?.data ?? [], `${name}/predicted_residual_${step}`);
  });

  it('the residual, and the picture it is added to', () => {
    expectReference(residual, `${name}/residual`);
    const degraded = standIn.read(`${name}/degraded`);
    const [, height, width] = degraded.dims as [number, number, number];
    const area = height * width;
    const sixteenBits = (value: number): number => Math.round(65_535 * Math.min(1, Math.max(0, value)));
    const interleave = (planes: Float32Array): Uint16Array<ArrayBuffer> =>
      Uint16Array.from({ length: 3 * area }, (_, i) => sixteenBits(planes[(i % 3) * area + Math.floor(i / 3)] as number));
    const pixels: Pixels = { width, height, channels: 3, data: interleave(degraded.data) };
    const restored: Pixels = { ...pixels, data: new Uint16Array(3 * area) };
    for (let y = 0; y < height; y++)
      subtractResidual(pixels, { y, left: 0, width, lines: residual.subarray(y * width), stride: area }, 1, restored, model.spec.residualSign);
    // The fixtures do not clamp, pictures are; and 16 bits round twice.
    const scaled = (data: ArrayLike<number>): Float32Array => Float32Array.from(data, (value) => value / 65_535);
    const tolerance = TOLERANCES.restored + 1.5 / 65_535;
    expectClose(scaled(restored.data), scaled(interleave(standIn.read(`${name}/restored`).data)), { tolerance, why: 'as the residual, in 16 bits' });
  });
});

describe('parts', () => {
  it('the schedule is theirs', () => {
    expectClose(alphasCumprod, standIn.read('parts/alphas_cumprod').data, { tolerance: 1e-6, why: 'theirs is a product of 1000 float32 factors' });
  });
  it('sides of the view are theirs, but where theirs would be none', () => {
    const rule = { areaPx: 2 ** 40, multiplePx: 14 };
    const sides = [...standIn.read('parts/depth_side').data];
    expect(sides.map((_, i) => planBilinearView({ height: i + 1, width: 256 }, rule).height)).toEqual(sides.map((side) => Math.max(14, side)));
  });
  it.each([
    ['plain', false],
    ['antialias', true],
  ])('the resize is theirs: %s', async (kind, antialias) => {
    const expected = standIn.read(`parts/resized_45x59_${kind}`);
    const [, height, width] = expected.dims as [number, number, number];
    // Enlarging rows and shrinking columns, of a picture that the fixtures hold only resized: made here by the fixtures' generator.
    const picture = rowsOf(generatedPicture(45, 59));
    const { data } = resizeBilinear(picture, { height, width }, { antialias });
    expectClose(data, expected.data, { tolerance: TOLERANCES.depth_input, why: 'float32 in theirs' });
  });
});

describe('the way from pixels to pixels', () => {
  const options = { strength: 1, seed: 3, steps: 2, signal: undefined } as const;
  const deps = { tell: () => {}, pause: () => Promise.resolve() };

  it('gives for one tile what the untiled sampler gives', async () => {
    const pixels = paintPixels(37, 29, 3);
    const condition = await computeStepCondition(rowsOfPixels(pixels), model);
    const { restored, tiles } = await restoreBySteps(pixels, model, condition, model.spec.tile, options, deps);
    expect(tiles).toBe(1);
    const dims = [1, 3, 29, 37];
    const degraded = tensor('NCHW', dims, planesFromPixels(pixels));
    const noise = cutNoise(createNoisePlate(3), { top: 0, left: 0, height: 29, width: 37 });
    const { data: residual } = await sampleResidual(createStepDenoiser(model.graphs, condition), degraded, noise, planDdimSteps(alphasCumprod, schedule, 2));
    const expected = degraded.data.map((value, i) => Math.min(1, Math.max(0, value + (residual[i] as number))));
    expectClose(planesFromPixels(restored), expected, { tolerance: 0.501 / 255, why: '8-bit samples' });
  });
});

describe('a restorer with t3', () => {
  it('restores a file in its worker thread as the sampler does, in both precisions', async () => {
    const pixels = paintPixels(37, 29, 3);
    const file = await encodePicture(pixels, 'png');
    const condition = await computeStepCondition(rowsOfPixels(pixels), model);
    const options = { strength: 1, seed: 0, steps: 2, signal: undefined } as const;
    const deps = { tell: () => {}, pause: () => Promise.resolve() };
    const { restored: expected } = await restoreBySteps(pixels, model, condition, model.spec.tile, options, deps);
    await using restorer = await createNodeRestorer({ modelsDir: standIn.modelsDir, backend: 'cpu' });
    const { image, report } = await restorer.restore(file);
    expect(report).toMatchObject({ model: { name: 't3' }, weather: [], removed: [], tiles: { count: 1 } });
    expect(largestDifference(await decodePicture(image), expected)).toBeLessThanOrEqual(1); // threads sum in another order
    const half = await decodePicture((await restorer.restore(file, { precision: 'fp16' })).image);
    // fp16 keeps 11 bits: 5e-4 of a value at each of some 200 operations; 0.005 rms of the range is 46 dB.
    expect(psnr(planesFromPixels(half), planesFromPixels(expected))).toBeGreaterThan(46);
  });
});

/** `input.degraded` of the fixtures' README at another size: 5x5 sums of hashed numbers with the border repeated. */
function generatedPicture(height: number, width: number): { readonly dims: readonly number[]; readonly data: Float32Array } {
  const seed = crc32('input.degraded');
  const k = Int32Array.from({ length: 3 * height * width }, (_, i) => hash(i, seed) >>> 8);
  const clamp = (value: number, side: number): number => Math.min(side - 1, Math.max(0, value));
  const data = Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    let sum = 0;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += k[(c * height + clamp(y + dy, height)) * width + clamp(x + dx, width)] as number;
    return Math.min(1, Math.max(0, 0.5 + 2.5 * (sum / (25 * 2 ** 24) - 0.5)));
  });
  return { dims: [3, height, width], data };
}

function hash(i: number, seed: number): number {
  let x = Math.imul(i, 0x9e3779b9) ^ seed;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
