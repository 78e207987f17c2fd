/** A network written in TypeScript that asks its pool at every step -> a whole restorer around it: a true manifest, true hashes, weights in pieces. */
import { createNodeCodec } from '../src/adapter/codec-node.ts';
import type { ExternalData, Feeds, Graph, GraphFactory } from '../src/graph/graph.ts';
import { STEP_GRAPH_NAMES, type StepGraphName } from '../src/graph/model-spec.ts';
import { createModelStore, type ModelStore } from '../src/graph/model-store.ts';
import { createRestorer, type Restorer } from '../src/restorer.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';

/** Channels, sub-prompts, tokens of the fake: as few as show every axis. */
export const FAKE_STEP = { channels: 3, pool: 4, length: 2, topK: 2, generalPrompts: 3 } as const;

/** Keys are unit vectors, the last one their diagonal; all keys and values of sub-prompt i are i / 100. */
const POOL = {
  keys: [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1],
  keyValues: Array.from({ length: FAKE_STEP.pool * FAKE_STEP.length * 2 * FAKE_STEP.channels }, (_, i) => Math.floor(i / 12) / 100),
};

export type FakeStepOptions = {
  readonly tile?: { readonly sizePx: number; readonly overlapPx: number; readonly multiplePx: number; readonly receptiveFieldPx: number };
  readonly onRun?: (graph: StepGraphName, feeds: Feeds) => void;
  /** Changes the files after their hashes were taken. */
  readonly tamper?: (file: string, bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
};

/** JSON of a manifest with the fake, and its files. */
export async function describeFakeStepModel({ tile }: FakeStepOptions = {}): Promise<{
  readonly manifest: { readonly version: 1; readonly defaultModel: string; readonly models: Readonly<Record<string, Record<string, unknown>>> };
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  STEP_GRAPH_NAMES.forEach((name, i) => {
    files.set(`${name}.onnx`, Uint8Array.of(i));
    files.set(`${name}.0.bin`, Uint8Array.of(i, 1));
    files.set(`${name}.1.bin`, Uint8Array.of(i, 2));
  });
  files.set('pool.bin', new Uint8Array(Float32Array.from([...POOL.keys, ...POOL.keyValues]).buffer));
  const describe = async (file: string): Promise<{ file: string; sha256: string; bytes: number }> => {
    const bytes = files.get(file) as Uint8Array<ArrayBuffer>; // put there above
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return { file, bytes: bytes.length, sha256: Buffer.from(digest).toString('hex') };
  };
  const describeGraph = async (name: string) => ({
    fp32: { ...(await describe(`${name}.onnx`)), externalData: [await describe(`${name}.0.bin`), await describe(`${name}.1.bin`)] },
  });
  const graphs = Object.fromEntries(await Promise.all(STEP_GRAPH_NAMES.map(async (name) => [name, await describeGraph(name)] as const)));
  const spec = {
    version: '2.0.0',
    title: 'Fake that asks at every step',
    licence: 'Apache-2.0',
    trainingData: 'none',
    card: 'card.md',
    weathers: [],
    residualSign: 'clean-minus-degraded',
    schedule: { kind: 'linear', trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02, timesteps: [500, 0], clip: 1 },
    promptQuery: 'every-step',
    view: { kind: 'bilinear', areaPx: 4096, multiplePx: 14, antialias: false },
    tile: tile ?? { sizePx: 64, overlapPx: 8, multiplePx: 1, receptiveFieldPx: 1 },
    graphs,
    promptPool: {
      ...(await describe('pool.bin')),
      topK: FAKE_STEP.topK,
      tensors: { keys: [FAKE_STEP.pool, FAKE_STEP.channels], keyValues: [FAKE_STEP.pool, FAKE_STEP.length, 2 * FAKE_STEP.channels] },
    },
  };
  return { manifest: { version: 1, defaultModel: 'fake-step', models: { 'fake-step': spec } }, files };
}

export async function createFakeStepStore(options: FakeStepOptions = {}): Promise<ModelStore> {
  const { manifest, files } = await describeFakeStepModel(options);
  return createModelStore(manifest, async (file, { onBytes }) => {
    const bytes = files.get(file) as Uint8Array<ArrayBuffer>; // the manifest names no others
    onBytes(bytes.length);
    return options.tamper?.(file, bytes.slice()) ?? bytes.slice();
  });
}

/**
 * The bottleneck is the mean of picture and noise over cells of 16x16, zeros beyond the tile; the query its mean. The residual at a pixel is half
 * the picture plus a part of the noise there, plus the mean of the weather's and the depth's keys and values: local but for the prompts.
 */
export function createFakeStepGraphs({ onRun }: Pick<FakeStepOptions, 'onRun'> = {}): GraphFactory & {
  readonly alive: Set<string>;
  readonly pieces: Map<string, readonly ExternalData[]>;
} {
  const alive = new Set<string>();
  const pieces = new Map<string, readonly ExternalData[]>();
  const c = FAKE_STEP.channels;
  type Network = {
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    run(feeds: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>>;
  };
  const features = ['bottleneck', 'time_embedding', 'intro_features', 'skip_0', 'skip_1', 'skip_2', 'skip_3'];
  const dot = tensor('NCHW', [1, 1, 1, 1], Float32Array.of(0));
  const mean = (data: Float32Array): number => data.reduce((sum, value) => sum + value, 0) / data.length;
  const networks: Readonly<Record<StepGraphName, Network>> = {
    depth: {
      inputs: ['view'],
      outputs: ['depth_tokens'],
      run: ({ view }) => ({ depth_tokens: tensor('NKC', [1, 1, 1], Float32Array.of(mean((view as Tensor).data))) }),
    },
    'general-prompts': {
      inputs: ['depth_tokens'],
      outputs: ['depth_prompts', 'depth_key_values'],
      run: ({ depth_tokens: tokens }) => ({
        depth_prompts: tensor('NKC', [1, FAKE_STEP.generalPrompts, c], new Float32Array(FAKE_STEP.generalPrompts * c)),
        depth_key_values: tensor(
          'NKC',
          [1, FAKE_STEP.generalPrompts, 2 * c],
          new Float32Array(FAKE_STEP.generalPrompts * 2 * c).fill((tokens as Tensor).data[0] as number),
        ),
      }),
    },
    encoder: {
      inputs: ['degraded', 'noisy_residual', 'timestep'],
      outputs: [...features, 'query'],
      run: ({ degraded, noisy_residual: noisy, timestep }) => {
        const [, , height, width] = (degraded as Tensor).dims as readonly [number, number, number, number];
        const intro = (degraded as Tensor).data.map((value, i) => value + 0.1 * ((noisy as Tensor).data[i] as number));
        const [rows, columns] = [Math.ceil(height / 16), Math.ceil(width / 16)];
        const bottleneck = new Float32Array(c * rows * columns);
        for (let i = 0; i < intro.length; i++) {
          const [channel, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
          const cell = (channel * rows + (y >> 4)) * columns + (x >> 4);
          bottleneck[cell] = (bottleneck[cell] as number) + (intro[i] as number) / 256;
        }
        const query = Float32Array.from({ length: c }, (_, channel) => mean(bottleneck.subarray(channel * rows * columns, (channel + 1) * rows * columns)));
        return {
          bottleneck: tensor('NCHW', [1, c, rows, columns], bottleneck),
          query: tensor('NC', [1, c], query),
          time_embedding: tensor('NC', [1, 1], Float32Array.of((timestep as Tensor).data[0] as number)),
          intro_features: tensor('NCHW', [1, c, height, width], intro),
          skip_0: dot,
          skip_1: dot,
          skip_2: dot,
          skip_3: dot,
        };
      },
    },
    decoder: {
      inputs: [...features, 'weather_key_values', 'depth_key_values', 'degraded'],
      outputs: ['residual'],
      run: ({ intro_features: intro, weather_key_values: weather, depth_key_values: depth, degraded }) => {
        const prompts = mean((weather as Tensor).data) + 0.1 * mean((depth as Tensor).data);
        return {
          residual: tensor(
            'NCHW',
            (degraded as Tensor).dims,
            (intro as Tensor).data.map((value) => 0.5 * value - 0.25 + prompts),
          ),
        };
      },
    },
  };
  return {
    backend: 'fake',
    alive,
    pieces,
    async create(name, _onnx, externalData = []): Promise<Graph> {
      const graph = name.slice(name.indexOf('/') + 1) as StepGraphName; // `fake-step/encoder`
      const { inputs, outputs, run } = networks[graph];
      alive.add(graph);
      pieces.set(graph, externalData);
      return {
        inputNames: inputs,
        outputNames: outputs,
        run: async (feeds) => {
          onRun?.(graph, feeds);
          return run(feeds);
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
export async function createFakeStepRestorer(options: FakeStepOptions = {}): Promise<Restorer> {
  return createRestorer({
    models: await createFakeStepStore(options),
    graphs: createFakeStepGraphs(options),
    codec: createNodeCodec(),
    pause: () => Promise.resolve(),
  });
}
