import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { meanDenoiser } from '../../testing/fake-model.ts';
import { bytesIn, type ChainLog, withHostChain } from '../../testing/host-chain.ts';
import type { Graph } from '../graph/graph.ts';
import { createNoisePlate } from '../tensor/gaussian-noise.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ReadTileRow } from '../tiling/blend.ts';
import { planTileGrid, type TileGrid } from '../tiling/tile-grid.ts';
import { createDenoiser } from './denoiser.ts';
import { computeAlphasCumprod } from './noise-schedule.ts';
import { planDdimSteps } from './sample-residual.ts';
import { openTileSampler, windowOf } from './tile-sampler.ts';
import { planTileRuns } from './tile-runs.ts';

const prompts = tensor('NKC', [1, 1, 1], Float32Array.of(0.3));
const alphasCumprod = computeAlphasCumprod({ trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02 });
const plate = createNoisePlate(5);
const rule = { sizePx: 32, overlapPx: 8, multiplePx: 8 };
/** [height, width], multiples of 8: the grid covers the padding. */
const SIZES: Readonly<Record<string, readonly [number, number]>> = {
  'one tile': [24, 32],
  'one row': [32, 104],
  'one column': [120, 24],
  'two rows and columns': [40, 48],
  'rows and columns': [152, 72],
};

/** Reads its tile by its neighbourhood, so that edges of tiles show, and leaves [-1,1] often, so that clipping counts. */
const graph: Graph = {
  inputNames: [],
  outputNames: ['residual'],
  run: async ({ degraded, noisy_residual: noisyResidual, timestep, weather_prompts: weatherPrompts }) => {
    const feeds = { degraded, noisyResidual, weatherPrompts, timestep: timestep?.data[0] } as Parameters<typeof meanDenoiser>[1]; // as the denoiser feeds it
    return { residual: { dims: feeds.degraded.dims, data: meanDenoiser(2, feeds).map((value) => 10 * (value - 0.25) + feeds.timestep / 5000) } };
  },
  dispose: async () => {},
};

/** What the last step predicts and leaves of each tile, run by run. */
async function sample(on: Graph, grid: TileGrid, steps: number): Promise<{ readonly predicted: number[][]; readonly residuals: number[][] }> {
  const plan = planDdimSteps(alphasCumprod, { timesteps: [700, 500, 0], clip: 1 }, steps);
  const sampler = await openTileSampler(createDenoiser(on, { weatherPrompts: prompts, depthPrompts: prompts }), grid, plan, plate);
  const [predicted, residuals]: number[][][] = [[], []];
  for (const run of planTileRuns(grid, steps)) {
    const { y, x } = windowOf(grid, run);
    const dims = [1, 3, y.end - y.start, x.end - x.start] as const;
    const length = 3 * dims[2] * dims[3];
    const degraded: Tensor<'NCHW'> = tensor(
      'NCHW',
      dims,
      Float32Array.from({ length }, (_, i) => (((y.start + Math.floor(i / dims[3])) * 31 + (x.start + (i % dims[3])) * 7) % 97) / 97),
    );
    expect(sampler.has(run)).toBe(true);
    const noisyResidual = sampler.cut(run, new Float32Array(length));
    const prediction = await sampler.predict(run, degraded, noisyResidual, new Float32Array(length));
    if (run.step === steps - 1) predicted?.push([...(prediction?.data ?? [])]);
    const residual = sampler.step(run, noisyResidual, prediction);
    if (residual !== undefined) residuals?.push(readRows(residual, dims[2], dims[3]));
  }
  await sampler.dispose();
  return { predicted: predicted ?? [], residuals: residuals ?? [] };
}

/** All rows of a tile, one after another: [H,3,W]. */
function readRows(read: ReadTileRow, height: number, width: number): number[] {
  const lines = new Float32Array(3 * width);
  return Array.from({ length: height }, (_, y) => {
    read(y, 0, lines, width);
    return [...lines];
  }).flat();
}

describe('steps on a device', () => {
  it.each(Object.entries(SIZES).flatMap(([name, [height, width]]) => [1, 2, 3].map((steps) => ({ name, height, width, steps }))))(
    'give what the steps in memory give: $name, steps: $steps',
    async ({ height, width, steps }) => {
      const grid = planTileGrid({ height, width }, rule);
      const device = withHostChain(graph);
      const [onDevice, inMemory] = [await sample(device, grid, steps), await sample(graph, grid, steps)];
      const tiles = grid.rows.spans.length * grid.columns.spans.length;
      expect(onDevice.residuals).toHaveLength(tiles);
      for (const what of ['predicted', 'residuals'] as const)
        for (const [i, values] of onDevice[what].entries())
          expectClose(values, inMemory[what][i] ?? [], { tolerance: 1e-5, why: 'float32 formulas in another order' });
      expect(inMemory.predicted.flat().some((value) => Math.abs(value) > 1)).toBe(true);
      expect(device.log).toMatchObject({ stayed: (steps - 1) * tiles, cameBack: tiles, open: 0 } satisfies Partial<ChainLog>);
    },
  );
  it('keep about two rows of tiles, at most three, however high the picture', async () => {
    const keptRows = async (height: number): Promise<number> => {
      const device = withHostChain(graph);
      const steps = planDdimSteps(alphasCumprod, { timesteps: [500, 0], clip: 1 }, 2);
      await createDenoiser(device, { weatherPrompts: prompts, depthPrompts: prompts }).openTiles?.(planTileGrid({ height, width: 40 }, rule), steps);
      return device.log.plans[0]?.rings[0]?.rows ?? Number.NaN;
    };
    for (let height = 8; height <= 800; height += 8) expect(await keptRows(height)).toBeLessThanOrEqual(Math.min(height, 3 * rule.sizePx));
    expect(await keptRows(8000)).toBe(await keptRows(4000));
    expect(await keptRows(8000)).toBeLessThan(2.5 * rule.sizePx);
  });
  it('are taken in memory where the device has no room, or keeps no tensors', async () => {
    const grid = planTileGrid({ height: 40, width: 48 }, rule);
    const full = withHostChain(graph, false);
    expect(await sample(full, grid, 2)).toEqual(await sample(graph, grid, 2));
    expect(full.log.cameBack).toBe(0);
    expect(createDenoiser(graph, { weatherPrompts: prompts, depthPrompts: prompts }).openTiles).toBeUndefined();
  });
  it('refuse numbers that are not finite, also when the network of the next step hides them', async () => {
    const broken: Graph = {
      ...graph,
      run: async (feeds) => {
        const { noisy_residual: noisyResidual } = feeds as { readonly noisy_residual: Tensor };
        const hidden = tensor(
          'NCHW',
          noisyResidual.dims,
          noisyResidual.data.map((value) => (Number.isFinite(value) ? value : 0)),
        ); // as a ReLU may
        const outputs = await graph.run({ ...feeds, noisy_residual: hidden });
        if (feeds.timestep?.data[0] === 700) outputs.residual?.data.fill(Number.NaN, 0, 1);
        return outputs;
      },
    };
    const grid = planTileGrid({ height: 40, width: 48 }, rule);
    for (const on of [broken, withHostChain(broken)]) await expect(sample(on, grid, 2)).rejects.toMatchObject({ code: 'backend-failed' });
  });
  it('take 36 bytes a pixel of a tile up and 12 back in two steps, where steps in memory take 48 and 24', async () => {
    const grid = planTileGrid({ height: 152, width: 72 }, rule);
    const { y, x } = windowOf(grid, { row: 0, column: 0 });
    const tiles = grid.rows.spans.length * grid.columns.spans.length;
    const pixels = tiles * (y.end - y.start) * (x.end - x.start);
    const runs = 2 * tiles;
    const promptBytes = 2 * 4; // both are one number here
    const timestepBytes = 4;

    const device = withHostChain(graph);
    await sample(device, grid, 2);
    expect(device.log.bytesUp).toBe(36 * pixels + runs * timestepBytes + promptBytes);
    expect(device.log.bytesDown).toBe(12 * pixels);

    const memory = { up: 0, down: 0 };
    const counted: Graph = {
      ...graph,
      run: async (feeds) => {
        const outputs = await graph.run(feeds);
        memory.up += bytesIn(feeds);
        memory.down += bytesIn(outputs);
        return outputs;
      },
    };
    await sample(counted, grid, 2);
    expect(memory).toEqual({ up: 48 * pixels + runs * (timestepBytes + promptBytes), down: 24 * pixels });
  });
});
