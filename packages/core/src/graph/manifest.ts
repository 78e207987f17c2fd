/** `models/manifest.json` -> a typed manifest, parsed once and trusted after. Its shape is `docs/model-contract.md`. */
import * as v from 'valibot';
import { RestoreError } from '../errors.ts';
import type { Manifest, ModelSpec, PictureQuerySpec, StepQuerySpec } from './model-spec.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const modelFile = v.object({
  file: v.pipe(v.string(), v.regex(/^(?!.*\.\.)[\w][\w./-]*$/, 'a path below the manifest')),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')),
  bytes: count,
});
const graphFile = v.object({ ...modelFile.entries, externalData: v.optional(v.array(modelFile)) });
const graphFiles = v.object({ fp32: graphFile, fp16: v.optional(graphFile) });

const commonSpec = {
  version: v.string(),
  title: v.string(),
  licence: v.string(),
  trainingData: v.string(),
  card: v.optional(v.string()),
  residualSign: v.picklist(['degraded-minus-clean', 'clean-minus-degraded']),
  schedule: v.object({
    kind: v.literal('linear'),
    trainTimesteps: count,
    betaStart: v.number(),
    betaEnd: v.number(),
    timesteps: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.minLength(1)),
    clip: v.number(),
  }),
  tile: v.object({ sizePx: count, overlapPx: v.pipe(v.number(), v.integer(), v.minValue(0)), multiplePx: count, receptiveFieldPx: count }),
  macs256: v.optional(v.record(v.string(), v.number())),
  evaluation: v.optional(v.unknown()),
};

const pictureQuerySpec = v.object({
  ...commonSpec,
  promptQuery: v.optional(v.literal('once'), 'once'),
  weathers: v.pipe(v.array(v.string()), v.minLength(1)),
  view: v.object({ areaPx: count, multiplePx: count, maxSidePx: count }),
  patches: v.object({ grid: count, sizePx: count }),
  graphs: v.object({ condition: graphFiles, depth: graphFiles, 'general-prompts': graphFiles, denoiser: graphFiles }),
  promptPool: v.object({
    ...modelFile.entries,
    topK: count,
    similarity: v.object({ scale: v.number(), bias: v.number() }),
    tensors: v.object({ keys: v.tuple([count, count]), prompts: v.tuple([count, count, count]), affinities: v.tuple([count, count]) }),
  }),
});

const stepQuerySpec = v.object({
  ...commonSpec,
  promptQuery: v.literal('every-step'),
  weathers: v.pipe(v.array(v.string()), v.length(0)), // its sub-prompts have no affinities
  view: v.object({ kind: v.literal('bilinear'), areaPx: count, multiplePx: count, antialias: v.boolean() }),
  graphs: v.object({ depth: graphFiles, 'general-prompts': graphFiles, encoder: graphFiles, decoder: graphFiles }),
  promptPool: v.object({
    ...modelFile.entries,
    topK: count,
    tensors: v.object({ keys: v.tuple([count, count]), keyValues: v.tuple([count, count, count]) }),
  }),
});

const manifestSchema: v.GenericSchema<unknown, Manifest> = v.object({
  version: v.literal(1),
  defaultModel: v.string(),
  models: v.record(v.string(), v.variant('promptQuery', [pictureQuerySpec, stepQuerySpec])),
  notShipped: v.optional(v.record(v.string(), v.string())),
});

/**
 * The parsed JSON of a manifest -> a manifest whose parts fit one another.
 * @param path what the file is called in a refusal
 * @throws RestoreError `manifest-invalid` naming the place, what it must be and what came
 */
export function parseManifest(json: unknown, path: string = 'manifest.json'): Manifest {
  const invalid: Refuse = (sentence, place) => {
    throw new RestoreError('manifest-invalid', `In ${path} ${sentence}; install the models again or export them anew.`, { details: { place } });
  };
  const parsed = v.safeParse(manifestSchema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const place = v.getDotPath(issue) ?? 'the manifest';
    invalid(`${place} must be ${issue.expected ?? issue.message}, got ${issue.received}`, place);
  }
  const manifest = parsed.output;
  if (!Object.hasOwn(manifest.models, manifest.defaultModel))
    invalid(`defaultModel must be one of ${Object.keys(manifest.models).join(', ')}, got ${manifest.defaultModel}`, 'defaultModel');
  for (const [name, spec] of Object.entries(manifest.models)) checkModel(name, spec, invalid);
  return manifest;
}

/** Throws: says what must be, what came, and where. */
type Refuse = (sentence: string, place: string) => never;

function checkModel(name: string, spec: ModelSpec, invalid: Refuse): void {
  const place = `models.${name}`;
  const floats = spec.promptQuery === 'once' ? checkPool(place, spec, invalid) : checkKeyValuePool(place, spec, invalid);
  if (spec.promptPool.bytes !== 4 * floats) invalid(`${place}.promptPool.bytes must be ${4 * floats} for its tensors, got ${spec.promptPool.bytes}`, place);
  const { sizePx, overlapPx, multiplePx } = spec.tile;
  if (sizePx % multiplePx !== 0 || overlapPx % multiplePx !== 0 || sizePx <= 2 * overlapPx)
    invalid(
      `${place}.tile: sizePx and overlapPx must be multiples of ${multiplePx} and sizePx more than twice overlapPx, got ${sizePx} and ${overlapPx}`,
      place,
    );
  if (spec.promptQuery === 'every-step' && multiplePx !== 1)
    invalid(`${place}.tile.multiplePx must be 1, for graphs that query at every step pad by themselves, got ${multiplePx}`, place);
  const { trainTimesteps, timesteps } = spec.schedule;
  if (!timesteps.every((t, i) => t < trainTimesteps && (i === 0 || t < (timesteps[i - 1] ?? 0))))
    invalid(`${place}.schedule.timesteps must fall and stay below ${trainTimesteps}, got [${timesteps}]`, place);
}

/** @returns how many numbers the pool file must hold */
function checkPool(place: string, { promptPool, weathers }: PictureQuerySpec, invalid: Refuse): number {
  const { keys, prompts, affinities } = promptPool.tensors;
  if (prompts[0] !== keys[0] || affinities[0] !== keys[0] || prompts[2] !== keys[1])
    invalid(`${place}.promptPool.tensors must agree on [P,C], [P,L,C], [P,A], got [${keys}], [${prompts}], [${affinities}]`, place);
  if (affinities[1] !== weathers.length)
    invalid(`${place}.promptPool.tensors.affinities must have an axis of ${weathers.length} weathers, got ${affinities[1]}`, place);
  return keys[0] * keys[1] + prompts[0] * prompts[1] * prompts[2] + affinities[0] * affinities[1];
}

/** @returns how many numbers the pool file must hold */
function checkKeyValuePool(place: string, { promptPool }: StepQuerySpec, invalid: Refuse): number {
  const { keys, keyValues } = promptPool.tensors;
  if (keyValues[0] !== keys[0] || keyValues[2] !== 2 * keys[1] || promptPool.topK > keys[0])
    invalid(
      `${place}.promptPool.tensors must agree on [P,C] and [P,L,2C], with topK at most P, got [${keys}], [${keyValues}] and topK ${promptPool.topK}`,
      place,
    );
  return keys[0] * keys[1] + keyValues[0] * keyValues[1] * keyValues[2];
}

/**
 * A model's spec by name, or the default model's.
 * @throws RestoreError `model-not-found` naming those there are, and how to get one that cannot be shipped
 */
export function findModel(manifest: Manifest, name: string = manifest.defaultModel): { readonly name: string; readonly spec: ModelSpec } {
  const own = <T>(record: Readonly<Record<string, T>> | undefined): T | undefined =>
    record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
  const spec = own(manifest.models);
  if (spec === undefined) {
    const howTo = own(manifest.notShipped);
    throw new RestoreError(
      'model-not-found',
      `There is no model "${name}"; the manifest has ${Object.keys(manifest.models).join(', ')}.${howTo === undefined ? '' : ` ${howTo}`}`,
      { details: { model: name } },
    );
  }
  return { name, spec };
}
