/** What a manifest says of a model, as types: files, schedule, views, tiles, pool. Its shape is `docs/model-contract.md`. */

/** A file beside the manifest, and what it must be. */
export type ModelFile = { readonly file: string; readonly sha256: string; readonly bytes: number };

/** A graph's ONNX file, and the pieces with its weights where they stand beside it (ONNX external data; a location is a piece's name without folders). */
export type GraphFile = ModelFile & { readonly externalData?: readonly ModelFile[] | undefined };

/** One graph: fp32 always, fp16 where exported. */
export type GraphFiles = { readonly fp32: GraphFile; readonly fp16?: GraphFile | undefined };

/** Graphs of a model that asks its pool once for a picture. */
export const GRAPH_NAMES = ['condition', 'depth', 'general-prompts', 'denoiser'] as const;
export type GraphName = (typeof GRAPH_NAMES)[number];

/** Graphs of a model that asks its pool at every step. */
export const STEP_GRAPH_NAMES = ['depth', 'general-prompts', 'encoder', 'decoder'] as const;
export type StepGraphName = (typeof STEP_GRAPH_NAMES)[number];

/** Linear betas over `trainTimesteps`; the sampler visits `timesteps`, in this order. */
export type Schedule = {
  readonly kind: 'linear';
  readonly trainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly timesteps: readonly number[];
  /** Predictions are clipped to [-clip, clip]. */
  readonly clip: number;
};

export type ViewRule = { readonly areaPx: number; readonly multiplePx: number; readonly maxSidePx: number };
/** A view by bilinear resize; `areaPx` bounds it. */
export type BilinearViewRule = { readonly kind: 'bilinear'; readonly areaPx: number; readonly multiplePx: number; readonly antialias: boolean };
export type PatchRule = { readonly grid: number; readonly sizePx: number };
export type TileRule = { readonly sizePx: number; readonly overlapPx: number; readonly multiplePx: number; readonly receptiveFieldPx: number };

export type PoolRule = ModelFile & {
  readonly topK: number;
  readonly similarity: { readonly scale: number; readonly bias: number };
  /** Dims of the tensors that follow one another in the file: keys [P,C], prompts [P,L,C], affinities [P,A]. */
  readonly tensors: {
    readonly keys: readonly [number, number];
    readonly prompts: readonly [number, number, number];
    readonly affinities: readonly [number, number];
  };
};

/** The pool of a model that asks at every step: attention's keys and values in place of the sub-prompts, chosen by cosine alone. */
export type KeyValuePoolRule = ModelFile & {
  readonly topK: number;
  /** Dims of the tensors that follow one another in the file: keys [P,C], keyValues [P,L,2C]. */
  readonly tensors: { readonly keys: readonly [number, number]; readonly keyValues: readonly [number, number, number] };
};

/** What `residual` estimates, and so whether it is subtracted or added. */
export type ResidualSign = 'degraded-minus-clean' | 'clean-minus-degraded';

/** What all models say. */
type CommonSpec = {
  readonly version: string;
  readonly title: string;
  readonly licence: string;
  readonly trainingData: string;
  readonly card?: string | undefined;
  /** Weather names, in the order of the affinities' axis A; none where the model names no weather. */
  readonly weathers: readonly string[];
  readonly residualSign: ResidualSign;
  readonly schedule: Schedule;
  readonly tile: TileRule;
  /** Multiply-adds at 256x256, by part, and in all as `total`. */
  readonly macs256?: Readonly<Record<string, number>> | undefined;
  /** Measured figures, for people. */
  readonly evaluation?: unknown;
};

/** A model that asks its pool once for a picture. */
export type PictureQuerySpec = CommonSpec & {
  readonly promptQuery: 'once';
  readonly view: ViewRule;
  readonly patches: PatchRule;
  readonly graphs: Readonly<Record<GraphName, GraphFiles>>;
  readonly promptPool: PoolRule;
};

/** A model that asks its pool from the bottleneck of every denoiser pass. */
export type StepQuerySpec = CommonSpec & {
  readonly promptQuery: 'every-step';
  readonly view: BilinearViewRule;
  readonly graphs: Readonly<Record<StepGraphName, GraphFiles>>;
  readonly promptPool: KeyValuePoolRule;
};

export type ModelSpec = PictureQuerySpec | StepQuerySpec;

export type Manifest = {
  readonly version: 1;
  readonly defaultModel: string;
  readonly models: Readonly<Record<string, ModelSpec>>;
  /** Models that cannot be shipped: name -> a sentence that says how to get it. */
  readonly notShipped?: Readonly<Record<string, string>> | undefined;
};
