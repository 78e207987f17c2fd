import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import type { Graph } from '../graph/graph.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import { createDenoiser } from './denoiser.ts';
import { computeAlphasCumprod } from './noise-schedule.ts';
import { planDdimSteps, sampleResidual } from './sample-residual.ts';

const DIMS = [1, 3, 4, 5];
const wave = (step: number): Tensor<'NCHW'> =>
  tensor(
    'NCHW',
    DIMS,
    Float32Array.from({ length: 60 }, (_, i) => 2 * Math.sin(step * i)),
  );
const prompts = tensor('NKC', [1, 1, 1], Float32Array.of(1));
const steps = planDdimSteps(computeAlphasCumprod({ trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02 }), { timesteps: [700, 500, 0], clip: 1 }, 3);

/** Leaves the range of [-1,1] often, so that clipping counts. */
const network = ({ data }: Tensor, noisy: Float32Array, timestep: number): Float32Array =>
  noisy.map((value, i) => 0.7 * (data[i] as number) + 0.6 * value + timestep / 5000);

function createGraph(chains: boolean): Graph {
  const run: Graph['run'] = async ({ degraded, noisy_residual, timestep }) => ({
    residual: { dims: DIMS, data: network(degraded as Tensor, noisy_residual?.data as Float32Array, timestep?.data[0] as number) },
  });
  /** The formula of `ChainLink` as it stands there. */
  const runChain: Graph['runChain'] = async (feeds, { state, output, links, onRun }) => {
    let fed = feeds;
    let outputs = await run(fed);
    await onRun(1);
    for (const [k, link] of links.entries()) {
      const [before, given] = [fed[state] as Tensor, outputs[output]?.data as Float32Array];
      const next = before.data.map((value, i) => {
        const x0 = given[i] as number;
        return link.stateScale * value + link.outputScale * x0 + link.clippedScale * Math.max(-link.clip, Math.min(link.clip, x0));
      });
      fed = { ...fed, ...link.feeds, [state]: { ...before, data: next } };
      outputs = await run(fed);
      await onRun(k + 2);
    }
    return outputs;
  };
  return { inputNames: [], outputNames: ['residual'], run, ...(chains ? { runChain } : {}), dispose: async () => {} };
}

describe('the steps of a denoiser in a row', () => {
  it('give what the sampler gives step by step', async () => {
    const denoiser = createDenoiser(createGraph(true), { weatherPrompts: prompts, depthPrompts: prompts });
    const done: number[] = [];
    const predicted = await denoiser.predictAlong?.(wave(0.3), wave(0.7), steps, async (step) => void done.push(step));
    const sampled = await sampleResidual(createDenoiser(createGraph(false), { weatherPrompts: prompts, depthPrompts: prompts }), wave(0.3), wave(0.7), steps);
    const clipped = predicted?.data.map((value) => Math.max(-1, Math.min(1, value))) ?? [];
    expectClose(clipped, sampled.data, { tolerance: 1e-5, why: 'float32 formulas in another order' });
    expect(sampled.data.some((value) => Math.abs(value) === 1)).toBe(true);
    expect(done).toEqual([1, 2, 3]);
  });
  it('are not offered where the runtime cannot', () => {
    expect(createDenoiser(createGraph(false), { weatherPrompts: prompts, depthPrompts: prompts }).predictAlong).toBeUndefined();
  });
  it('refuse numbers that are not finite', async () => {
    const graph = createGraph(true);
    const broken: Graph = { ...graph, runChain: async () => ({ residual: { dims: DIMS, data: new Float32Array(60).fill(Number.NaN) } }) };
    const denoiser = createDenoiser(broken, { weatherPrompts: prompts, depthPrompts: prompts });
    await expect(denoiser.predictAlong?.(wave(0.3), wave(0.7), steps, async () => {})).rejects.toMatchObject({ code: 'backend-failed' });
  });
});
