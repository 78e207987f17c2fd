/** A chain on a WebGPU device against one in memory: the runs of a grid, with a copy on the device in place of a network. */
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { createChains } from '../../src/adapter/ort-web-chain.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { openDeviceTiles } from '../../src/sampler/device-tiles.ts';
import { computeAlphasCumprod } from '../../src/sampler/noise-schedule.ts';
import { planDdimSteps } from '../../src/sampler/sample-residual.ts';
import { planTileRuns } from '../../src/sampler/tile-runs.ts';
import { windowOf } from '../../src/sampler/tile-sampler.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { planTileGrid, type TileSides } from '../../src/tiling/tile-grid.ts';
import { withHostChain } from '../../testing/host-chain.ts';

export type ChainsTask = {
  readonly height: number;
  readonly width: number;
  readonly rule: TileSides;
  readonly steps: number;
  /** Longest piece of a ring. @default the device's own */
  readonly pieceBytes?: number;
  /** What the network gives back. */
  readonly gives: 'noisy_residual' | 'degraded';
  /** What is fed as one number of `degraded`, at this place of the first tile, in its first step. */
  readonly fault?: { readonly place: number; readonly value: 'NaN' | 'Infinity' };
};

/** Numbers of the last step on both sides: how many, the greatest difference and the greatest number; or what each of the chains threw. */
export type ChainsAnswer = { readonly numbers: number; readonly difference: number; readonly largest: number; readonly thrown: readonly string[] };

export async function compareChains({ height, width, rule, steps, pieceBytes, gives, fault }: ChainsTask, device: GPUDevice): Promise<ChainsAnswer> {
  const grid = planTileGrid({ height, width }, rule);
  const schedule = computeAlphasCumprod({ trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02 });
  const plan = planDdimSteps(schedule, { timesteps: [700, 500, 0], clip: 1 }, steps);
  const refuse = (cause: unknown): never => {
    throw cause;
  };
  const onDevice = { outputNames: ['residual'], openChain: createChains(TENSORS, copyOnDevice(device, gives), device, refuse, pieceBytes) };
  const chains = [await openDeviceTiles(onDevice, {}, grid, plan), await openDeviceTiles(withHostChain(copyInMemory(gives)), {}, grid, plan)];
  const seen = { numbers: 0, difference: 0, largest: 0, thrown: [] as string[] };
  try {
    for (const run of planTileRuns(grid, steps)) {
      const { y, x } = windowOf(grid, run);
      const dims = [1, 3, y.end - y.start, x.end - x.start] as const;
      const place = run.row * grid.columns.spans.length + run.column + 1;
      const wave = (frequency: number) =>
        tensor(
          'NCHW',
          dims,
          Float32Array.from({ length: 3 * dims[2] * dims[3] }, (_, i) => 2 * Math.sin(frequency * (i + 1) * place)),
        );
      const [degraded, noise] = [wave(0.37), wave(1.3)];
      if (fault !== undefined && run.step === 0 && place === 1) degraded.data[fault.place] = Number(fault.value);
      const [given, expected] = await Promise.all(
        chains.map((chain) => chain?.predictResidual(run, degraded, noise).catch((error: unknown) => void seen.thrown.push(String(error)))),
      );
      if (seen.thrown.length > 0) break;
      if (run.step < steps - 1) continue;
      for (let i = 0; i < degraded.data.length; i++) {
        const [value, other] = [given?.data[i] ?? Number.NaN, expected?.data[i] ?? Number.NaN];
        const difference = Math.abs(value - other);
        if (!(difference <= seen.difference)) seen.difference = difference; // so NaN counts as the worst
        seen.largest = Math.max(seen.largest, Math.abs(value));
        seen.numbers += 1;
      }
    }
  } finally {
    for (const chain of chains) await chain?.dispose();
  }
  return seen;
}

/** Whether a device has room for a chain whose tiles have these sides. */
export async function hasRoom(device: GPUDevice, sidePx: number): Promise<boolean> {
  const open = createChains(TENSORS, copyOnDevice(device, 'state'), device, (cause) => {
    throw cause;
  });
  const chain = await open({ state: 'state', output: 'residual', dims: [1, 3, sidePx, sidePx], feeds: {}, changing: {}, rings: [] });
  await chain?.dispose();
  return chain !== undefined;
}

/** The one thing that a chain asks of the runtime. */
const TENSORS = { Tensor: { fromGpuBuffer: (gpuBuffer: GPUBuffer) => ({ gpuBuffer }) } } as unknown as Parameters<typeof createChains>[0];

function copyOnDevice(device: GPUDevice, from: string): Pick<InferenceSession, 'run'> {
  return {
    async run(feeds: InferenceSession.FeedsType, fetches: unknown) {
      const { residual } = fetches as Record<string, Tensor>;
      const [source, target] = [feeds[from] as Tensor, residual as Tensor].map((of) => of.gpuBuffer as GPUBuffer) as [GPUBuffer, GPUBuffer];
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, target, 0, source.size);
      device.queue.submit([encoder.finish()]);
      return {};
    },
  };
}

function copyInMemory(from: string): Graph {
  return {
    inputNames: [],
    outputNames: ['residual'],
    run: async (feeds) => ({ residual: { dims: feeds[from]?.dims ?? [], data: feeds[from]?.data.slice() ?? new Float32Array() } }),
    dispose: async () => {},
  };
}
