/** A denoiser written in TypeScript -> a whole restorer around it: a true manifest and true hashes, graphs that are functions. */
import { createNodeCodec } from '../src/adapter/codec-node.ts';
import type { Feeds, Graph, GraphFactory } from '../src/graph/graph.ts';
import { GRAPH_NAMES, type GraphName } from '../src/graph/model-spec.ts';
import { createModelStore, type ModelStore } from '../src/graph/model-store.ts';
import type { ImageCodec } from '../src/image/codec.ts';
import { createRestorer, type Restorer } from '../src/restorer.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';

/** Channels, sub-prompts, tokens of the fake: as few as show every axis. */
export const FAKE = { channels: 3, pool: 4, length: 2, topK: 2, depthChannels: 5, generalPrompts: 3, weathers: ['rain', 'snow', 'haze', 'raindrop'] } as const;

/** The network: tensors by their names in the contract -> residual [1,3,H,W]. */
export type FakeDenoiser = (feeds: {
  readonly degraded: Tensor;
  readonly noisyResidual: Tensor;
  readonly timestep: number;
  readonly weatherPrompts: Tensor;
}) => Float32Array | Promise<Float32Array>;

export type FakeOptions = {
  readonly denoiser?: FakeDenoiser;
  readonly tile?: { readonly sizePx: number; readonly overlapPx: number; readonly multiplePx: number; readonly receptiveFieldPx: number };
  /** What the `condition` graph answers; by default the key of sub-prompt 0. */
  readonly query?: readonly number[];
  /** Changes the files after their hashes were taken. */
  readonly tamper?: (file: string, bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  readonly codec?: ImageCodec;
  readonly onRun?: (graph: GraphName) => void;
};

/** A residual of zeros. */
export const zeroDenoiser: FakeDenoiser = ({ degraded }) => new Float32Array(degraded.data.length);

/** The same residual everywhere. */
export function constantDenoiser(value: number): FakeDenoiser {
  return ({ degraded }) => new Float32Array(degraded.data.length).fill(value);
}

/** A local network: means over 5x5 of picture and noise. Reaches 2 px a pass. */
export const localDenoiser: FakeDenoiser = (feeds) => meanDenoiser(2, feeds);

/** Means over squares of picture and noise, zeros outside the window, as a convolution pads. Reaches `reachPx` a pass. */
export function meanDenoiser(reachPx: number, { degraded, noisyResidual }: Parameters<FakeDenoiser>[0]): Float32Array {
  const [, , height, width] = degraded.dims as readonly [number, number, number, number];
  const residual = new Float32Array(degraded.data.length);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let dy = Math.max(-reachPx, -y); dy <= Math.min(reachPx, height - 1 - y); dy++)
          for (let dx = Math.max(-reachPx, -x); dx <= Math.min(reachPx, width - 1 - x); dx++) {
            const at = (c * height + y + dy) * width + x + dx;
            sum += 0.5 * (degraded.data[at] as number) + 0.4 * (noisyResidual.data[at] as number);
          }
        residual[(c * height + y) * width + x] = sum / (2 * reachPx + 1) ** 2;
      }
  return residual;
}

/** Sub-prompt i answers weather i alone; keys are unit vectors, the last one their diagonal. */
const POOL = {
  keys: [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1],
  prompts: Array.from({ length: FAKE.pool * FAKE.length * FAKE.channels }, (_, i) => i / 10),
  affinities: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
};

/** The files of the fake model: one byte per graph, and the pool. */
export async function createFakeStore({ tile, tamper }: Pick<FakeOptions, 'tile' | 'tamper'> = {}): Promise<ModelStore> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>(GRAPH_NAMES.map((name, i) => [`${name}.onnx`, Uint8Array.of(i)]));
  files.set('pool.bin', new Uint8Array(Float32Array.from([...POOL.keys, ...POOL.prompts, ...POOL.affinities]).buffer));
  const describe = async (file: string): Promise<{ file: string; sha256: string; bytes: number }> => {
    const bytes = files.get(file) as Uint8Array<ArrayBuffer>; // put there above
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return { file, bytes: bytes.length, sha256: Buffer.from(digest).toString('hex') };
  };
  const graphs = Object.fromEntries(await Promise.all(GRAPH_NAMES.map(async (name) => [name, { fp32: await describe(`${name}.onnx`) }] as const)));
  const manifest = {
    version: 1,
    defaultModel: 'fake',
    models: {
      fake: {
        version: '1.2.3',
        title: 'Fake',
        licence: 'Apache-2.0',
        trainingData: 'none',
        weathers: FAKE.weathers,
        residualSign: 'degraded-minus-clean',
        schedule: { kind: 'linear', trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02, timesteps: [500, 0], clip: 1 },
        view: { areaPx: 4096, multiplePx: 16, maxSidePx: 512 },
        patches: { grid: 3, sizePx: 64 },
        tile: tile ?? { sizePx: 64, overlapPx: 16, multiplePx: 8, receptiveFieldPx: 2 },
        graphs,
        promptPool: {
          ...(await describe('pool.bin')),
          topK: FAKE.topK,
          similarity: { scale: 8, bias: -2 },
          tensors: { keys: [FAKE.pool, FAKE.channels], prompts: [FAKE.pool, FAKE.length, FAKE.channels], affinities: [FAKE.pool, FAKE.weathers.length] },
        },
      },
    },
  };
  return createModelStore(manifest, async (file, { onBytes }) => {
    const bytes = files.get(file) as Uint8Array<ArrayBuffer>; // the manifest names no others
    onBytes(bytes.length);
    return tamper?.(file, bytes.slice()) ?? bytes.slice();
  });
}

/** Graphs by the name they are created under. */
export function createFakeGraphs({
  denoiser = zeroDenoiser,
  query = [1, 0, 0],
  onRun,
}: Pick<FakeOptions, 'denoiser' | 'query' | 'onRun'> = {}): GraphFactory & { readonly alive: Set<string> } {
  const alive = new Set<string>();
  const networks: Record<GraphName, { inputs: readonly string[]; output: string; run(feeds: Feeds): Promise<Tensor> }> = {
    condition: { inputs: ['view', 'patches'], output: 'query', run: async () => tensor('NC', [1, FAKE.channels], Float32Array.from(query)) },
    depth: {
      inputs: ['view'],
      output: 'depth_tokens',
      run: async ({ view }) => {
        const [, , h, w] = (view as Tensor).dims as readonly [number, number, number, number];
        return tensor('NKC', [1, (h / 16) * (w / 16), FAKE.depthChannels], new Float32Array((h / 16) * (w / 16) * FAKE.depthChannels));
      },
    },
    'general-prompts': {
      inputs: ['depth_tokens'],
      output: 'depth_prompts',
      run: async () => tensor('NKC', [1, FAKE.generalPrompts, FAKE.channels], new Float32Array(FAKE.generalPrompts * FAKE.channels)),
    },
    denoiser: {
      inputs: ['degraded', 'noisy_residual', 'timestep', 'weather_prompts', 'depth_prompts'],
      output: 'residual',
      run: async (feeds) => {
        const { degraded, noisy_residual: noisyResidual, timestep, weather_prompts: weatherPrompts } = feeds as Record<string, Tensor>;
        if (degraded === undefined || noisyResidual === undefined || weatherPrompts === undefined) throw new Error('The denoiser got too few feeds.');
        const data = await denoiser({ degraded, noisyResidual, timestep: timestep?.data[0] as number, weatherPrompts });
        return tensor('NCHW', degraded.dims, data);
      },
    },
  };
  return {
    backend: 'fake',
    alive,
    async create(name): Promise<Graph> {
      const graph = name.slice(name.indexOf('/') + 1) as GraphName; // `fake/denoiser`
      const { inputs, output, run } = networks[graph];
      alive.add(graph);
      return {
        inputNames: inputs,
        outputNames: [output],
        run: async (feeds) => {
          onRun?.(graph);
          return { [output]: await run(feeds) };
        },
        dispose: async () => {
          alive.delete(graph);
        },
      };
    },
    dispose: async () => {},
  };
}

/** All of it together. */
export async function createFakeRestorer(options: FakeOptions = {}): Promise<Restorer> {
  return createRestorer({
    models: await createFakeStore(options),
    graphs: createFakeGraphs(options),
    codec: options.codec ?? createNodeCodec(),
    pause: () => Promise.resolve(),
  });
}
