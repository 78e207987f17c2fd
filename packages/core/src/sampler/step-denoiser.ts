/** The denoiser that asks the prompt pool at every step, from its bottleneck: two graphs behind the face of any denoiser. */
import type { Graph } from '../graph/graph.ts';
import type { StepGraphName } from '../graph/model-spec.ts';
import { runGraph, runGraphOutputs } from '../graph/run-graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Denoiser } from './denoiser.ts';

/** What the whole picture says, for all steps and tiles. */
export type StepCondition = {
  /** Keys and values of the general prompts, [1,G,2C]. */
  readonly depthKeyValues: Tensor<'NKC'>;
  /** The pool's answer: a query [1,C] -> keys and values of the chosen sub-prompts, [1,kL,2C]. A pure function. */
  askPool(query: Tensor<'NC'>): Tensor<'NKC'>;
};

/** What the first half of a pass found in a tile. */
export type Encoded = {
  /** Mean of the bottleneck over its positions, padding included: [1,C]. */
  readonly query: Tensor<'NC'>;
  /** How many positions the bottleneck has. */
  readonly positions: number;
  /** By the names of the decoder's inputs. */
  readonly features: Readonly<Record<string, Tensor>>;
};

/** One pass is `encode`, a question to the pool, `decode`: tiles of one picture share the question. */
export type StepDenoiser = Denoiser & {
  /** The first half. Arguments as those of `predictResidual`. */
  encode(degraded: Tensor<'NCHW'>, noisyResidual: Tensor<'NCHW'>, timestep: number): Promise<Encoded>;
  /** The second half -> x̂_0 [1,3,H,W]; of `degraded` only the size is read. */
  decode(encoded: Encoded, weatherKeyValues: Tensor<'NKC'>, degraded: Tensor<'NCHW'>): Promise<Tensor<'NCHW'>>;
};

const MAP = { layout: 'NCHW', dims: [1, 'any', 'any', 'any'] } as const;

/** The `encoder` and `decoder` graphs under a condition. The graphs pad by themselves, so H and W are any. */
export function createStepDenoiser(
  graphs: Readonly<Record<Extract<StepGraphName, 'encoder' | 'decoder'>, Graph>>,
  { depthKeyValues, askPool }: StepCondition,
): StepDenoiser {
  const encode: StepDenoiser['encode'] = async (degraded, noisyResidual, timestep) => {
    const feeds = { degraded, noisy_residual: noisyResidual, timestep: tensor('N', [1], Float32Array.of(timestep)) };
    const { query, ...features } = await runGraphOutputs(graphs.encoder, feeds, {
      query: { layout: 'NC', dims: [1, 'any'] },
      time_embedding: { layout: 'NC', dims: [1, 'any'] },
      bottleneck: MAP,
      intro_features: MAP,
      skip_0: MAP,
      skip_1: MAP,
      skip_2: MAP,
      skip_3: MAP,
    });
    const [, , height, width] = features.bottleneck.dims as readonly [number, number, number, number]; // [1,C,H'/16,W'/16]
    return { query, positions: height * width, features };
  };
  const decode: StepDenoiser['decode'] = ({ features }, weatherKeyValues, degraded) =>
    runGraph(
      graphs.decoder,
      { ...features, weather_key_values: weatherKeyValues, depth_key_values: depthKeyValues, degraded },
      'residual',
      'NCHW',
      degraded.dims,
    );
  return {
    encode,
    decode,
    async predictResidual(degraded, noisyResidual, timestep) {
      const encoded = await encode(degraded, noisyResidual, timestep);
      return decode(encoded, askPool(encoded.query), degraded);
    },
  };
}

/** The query of a picture out of those of its tiles: their mean, each weighing as many positions as its bottleneck has. @returns [1,C] */
export function averageQueries(tiles: readonly Pick<Encoded, 'query' | 'positions'>[]): Tensor<'NC'> {
  const [first] = tiles;
  if (first === undefined) throw new RangeError('A picture has at least one tile.');
  const sum = new Float64Array(first.query.data.length);
  let positions = 0;
  for (const tile of tiles) {
    positions += tile.positions;
    for (let c = 0; c < sum.length; c++) sum[c] = (sum[c] as number) + tile.positions * (tile.query.data[c] as number);
  }
  return tensor(
    'NC',
    first.query.dims,
    Float32Array.from(sum, (value) => value / positions),
  );
}

/** Memory that a tile's features take. */
export function featureBytes({ features }: Pick<Encoded, 'features'>): number {
  return Object.values(features).reduce((total, { data }) => total + data.byteLength, 0);
}
