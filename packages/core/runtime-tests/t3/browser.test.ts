/** Every graph of the paper's own network on WebGPU (SwiftShader, in Chromium) against the same graph on Node's CPU, on a small tile. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeGraphs, openModelsDir } from '../../src/adapter/node.ts';
import { computeStepCondition } from '../../src/conditioning/step-condition.ts';
import type { Feeds, Graph } from '../../src/graph/graph.ts';
import type { StepGraphName } from '../../src/graph/model-spec.ts';
import { rowsOfPixels } from '../../src/image/resize-bilinear.ts';
import { createStepDenoiser } from '../../src/sampler/step-denoiser.ts';
import { createNoisePlate, cutNoise } from '../../src/tensor/gaussian-noise.ts';
import { extractTile } from '../../src/tiling/extract-tile.ts';
import { openStepModel } from '../../testing/open-model.ts';
import { paintPixels } from '../../testing/pictures.ts';
import { openTestPage, type TestPage } from '../browser/chromium-page.ts';
import { packTensors, unpackTensors } from './packed-tensors.ts';
import { prepareStandIn } from './stand-in.ts';

/** SwiftShader computes on the CPU, slowly: two cells of the bottleneck, two depth tokens, and sides that the graphs have to pad. */
const [HEIGHT, WIDTH] = [13, 27];
/** Share of an output's range. Two runtimes that sum in another order differ by 1e-5 of it; a miscomputed convolution by its own magnitude. */
const TOLERANCE = 2e-3;

const { modelsDir } = prepareStandIn();
type Run = { readonly feeds: Feeds; readonly outputs: Awaited<ReturnType<Graph['run']>> };

/** One pass on the CPU: what each graph took, and what it gave. */
async function runOnCpu(): Promise<ReadonlyMap<StepGraphName, Run>> {
  const factory = await createNodeGraphs({ backend: 'cpu', worker: false });
  const model = await openStepModel(await openModelsDir(modelsDir), factory, { precision: 'fp32' });
  const runs = new Map<StepGraphName, Run>();
  const record = (name: StepGraphName): Graph => ({
    ...model.graphs[name],
    async run(feeds) {
      const outputs = await model.graphs[name].run(feeds);
      runs.set(name, { feeds, outputs });
      return outputs;
    },
  });
  const graphs = { depth: record('depth'), 'general-prompts': record('general-prompts'), encoder: record('encoder'), decoder: record('decoder') };
  const pixels = paintPixels(WIDTH, HEIGHT, 3);
  const condition = await computeStepCondition(rowsOfPixels(pixels), { ...model, graphs });
  const degraded = extractTile(pixels, { start: 0, end: HEIGHT }, { start: 0, end: WIDTH });
  const noise = cutNoise(createNoisePlate(1), { top: 0, left: 0, height: HEIGHT, width: WIDTH });
  await createStepDenoiser(graphs, condition).predictResidual(degraded, noise, 500);
  await model.dispose();
  await factory.dispose();
  return runs;
}

let opened: TestPage;
let onCpu: ReadonlyMap<StepGraphName, Run>;
beforeAll(async () => {
  onCpu = await runOnCpu();
  opened = await openTestPage(fileURLToPath(new URL('./page.ts', import.meta.url)), 'fairweatherGraphs');
  const backend = await opened.page.evaluate((models) => globalThis.fairweatherGraphs.open(models, 'webgpu'), opened.addressOf(modelsDir));
  expect(backend).toBe('webgpu');
});
afterAll(() => opened?.close());

describe('WebGPU gives what the CPU gives, to 2e-3 of the range of an output', () => {
  it.each<StepGraphName>(['depth', 'general-prompts', 'encoder', 'decoder'])('%s', async (graph) => {
    const { feeds, outputs } = onCpu.get(graph) as Run; // the pass went through all four
    const start = performance.now();
    const packed = await opened.page.evaluate(([name, tensors]) => globalThis.fairweatherGraphs.run(name, tensors), [graph, packTensors(feeds)] as const);
    const seconds = (performance.now() - start) / 1000;
    const found = unpackTensors(packed);
    expect(Object.keys(found).sort()).toEqual(Object.keys(outputs).sort());
    for (const [name, { dims, data }] of Object.entries(outputs)) {
      expect(found[name]?.dims).toEqual(dims);
      const share = largestShare(found[name]?.data ?? new Float32Array(), data);
      console.log(`${graph} ${name} [${dims}]: ${share.toExponential(1)} of the range; ${seconds.toFixed(0)} s`);
      expect(share).toBeLessThanOrEqual(TOLERANCE);
    }
    expect(opened.complaints).toEqual([]);
  });
});

/** Largest difference as a share of the expected numbers' range; NaN when a number is not one. */
function largestShare(actual: Float32Array, expected: Float32Array): number {
  let [low, high, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] as number;
    low = Math.min(low, value);
    high = Math.max(high, value);
    const difference = Math.abs((actual[i] as number) - value);
    largest = Math.max(largest, difference);
  }
  return largest / (high - low);
}
