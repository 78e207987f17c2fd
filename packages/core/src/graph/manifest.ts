/** `models/manifest.json` -> a typed manifest, parsed once and trusted after. Its shape is `docs/model-contract.md`. */
import * as v from 'valibot';
import { RestoreError } from '../errors.ts';
import type { Precision } from '../options.ts';

/** A file beside the manifest, and what it must be. */
export type ModelFile = { readonly file: string; readonly sha256: string; readonly bytes: number };

/** One graph: fp32 always, fp16 where exported. */
export type GraphFiles = { readonly fp32: ModelFile; readonly fp16?: ModelFile | undefined };

export const GRAPH_NAMES = ['condition', 'depth', 'general-prompts', 'denoiser'] as const;
export type GraphName = (typeof GRAPH_NAMES)[number];

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

export type ModelSpec = {
  readonly version: string;
  readonly title: string;
  readonly licence: string;
  readonly trainingData: string;
  readonly card?: string | undefined;
  /** Weather names, in the order of the affinities' axis A. */
  readonly weathers: readonly string[];
  readonly residualSign: 'degraded-minus-clean';
  readonly schedule: Schedule;
  readonly view: ViewRule;
  readonly patches: PatchRule;
  readonly tile: TileRule;
  readonly graphs: Readonly<Record<GraphName, GraphFiles>>;
  readonly promptPool: PoolRule;
  /** Measured figures, for people. */
  readonly evaluation?: unknown;
};

export type Manifest = { readonly version: 1; readonly defaultModel: string; readonly models: Readonly<Record<string, ModelSpec>> };

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const modelFile = v.object({
  file: v.pipe(v.string(), v.regex(/^(?!.*\.\.)[\w][\w./-]*$/, 'a path below the manifest')),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')),
  bytes: count,
});
const graphFiles = v.object({ fp32: modelFile, fp16: v.optional(modelFile) });

const modelSpec = v.object({
  version: v.string(),
  title: v.string(),
  licence: v.string(),
  trainingData: v.string(),
  card: v.optional(v.string()),
  weathers: v.pipe(v.array(v.string()), v.minLength(1)),
  residualSign: v.literal('degraded-minus-clean'),
  schedule: v.object({
    kind: v.literal('linear'),
    trainTimesteps: count,
    betaStart: v.number(),
    betaEnd: v.number(),
    timesteps: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.minLength(1)),
    clip: v.number(),
  }),
  view: v.object({ areaPx: count, multiplePx: count, maxSidePx: count }),
  patches: v.object({ grid: count, sizePx: count }),
  tile: v.object({ sizePx: count, overlapPx: v.pipe(v.number(), v.integer(), v.minValue(0)), multiplePx: count, receptiveFieldPx: count }),
  graphs: v.object({ condition: graphFiles, depth: graphFiles, 'general-prompts': graphFiles, denoiser: graphFiles }),
  promptPool: v.object({
    ...modelFile.entries,
    topK: count,
    similarity: v.object({ scale: v.number(), bias: v.number() }),
    tensors: v.object({ keys: v.tuple([count, count]), prompts: v.tuple([count, count, count]), affinities: v.tuple([count, count]) }),
  }),
  evaluation: v.optional(v.unknown()),
});

const manifestSchema: v.GenericSchema<unknown, Manifest> = v.object({
  version: v.literal(1),
  defaultModel: v.string(),
  models: v.record(v.string(), modelSpec),
});

/**
 * The parsed JSON of a manifest -> a manifest whose parts fit one another.
 * @throws RestoreError `manifest-invalid` naming the place, what it must be and what came
 */
export function parseManifest(json: unknown): Manifest {
  const parsed = v.safeParse(manifestSchema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const place = v.getDotPath(issue) ?? 'the manifest';
    invalid(`${place} must be ${issue.expected ?? issue.message}, got ${issue.received}`, place);
  }
  const manifest = parsed.output;
  if (!Object.hasOwn(manifest.models, manifest.defaultModel))
    invalid(`defaultModel must be one of ${Object.keys(manifest.models).join(', ')}, got ${manifest.defaultModel}`, 'defaultModel');
  for (const [name, spec] of Object.entries(manifest.models)) checkModel(name, spec);
  return manifest;
}

function checkModel(name: string, spec: ModelSpec): void {
  const { keys, prompts, affinities } = spec.promptPool.tensors;
  const place = `models.${name}`;
  if (prompts[0] !== keys[0] || affinities[0] !== keys[0] || prompts[2] !== keys[1])
    invalid(`${place}.promptPool.tensors must agree on [P,C], [P,L,C], [P,A], got [${keys}], [${prompts}], [${affinities}]`, place);
  if (affinities[1] !== spec.weathers.length)
    invalid(`${place}.promptPool.tensors.affinities must have an axis of ${spec.weathers.length} weathers, got ${affinities[1]}`, place);
  const floats = keys[0] * keys[1] + prompts[0] * prompts[1] * prompts[2] + affinities[0] * affinities[1];
  if (spec.promptPool.bytes !== 4 * floats) invalid(`${place}.promptPool.bytes must be ${4 * floats} for its tensors, got ${spec.promptPool.bytes}`, place);
  const { sizePx, overlapPx, multiplePx } = spec.tile;
  if (sizePx % multiplePx !== 0 || overlapPx % multiplePx !== 0 || sizePx <= 2 * overlapPx)
    invalid(
      `${place}.tile: sizePx and overlapPx must be multiples of ${multiplePx} and sizePx more than twice overlapPx, got ${sizePx} and ${overlapPx}`,
      place,
    );
  const { trainTimesteps, timesteps } = spec.schedule;
  if (!timesteps.every((t, i) => t < trainTimesteps && (i === 0 || t < (timesteps[i - 1] ?? 0))))
    invalid(`${place}.schedule.timesteps must fall and stay below ${trainTimesteps}, got [${timesteps}]`, place);
}

function invalid(sentence: string, place: string): never {
  throw new RestoreError('manifest-invalid', `In manifest.json ${sentence}; install the models again or export them anew.`, { details: { place } });
}

/**
 * A model's spec by name, or the default model's.
 * @throws RestoreError `model-not-found` naming those there are
 */
export function findModel(manifest: Manifest, name: string = manifest.defaultModel): { readonly name: string; readonly spec: ModelSpec } {
  const spec = Object.hasOwn(manifest.models, name) ? manifest.models[name] : undefined;
  if (spec === undefined)
    throw new RestoreError('model-not-found', `There is no model "${name}"; the manifest has ${Object.keys(manifest.models).join(', ')}.`, {
      details: { model: name },
    });
  return { name, spec };
}

/** The file of a graph in the precision asked for. @throws RestoreError `invalid-option` when the model has no such precision */
export function graphFile(model: string, spec: ModelSpec, graph: GraphName, precision: Precision): ModelFile {
  const file = spec.graphs[graph][precision];
  if (file === undefined)
    throw new RestoreError('invalid-option', `Model "${model}" has no ${precision} files; use fp32.`, { details: { option: 'precision', model } });
  return file;
}
