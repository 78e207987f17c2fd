/** The options of a restoration: meaning, unit, range, default; and the check that turns them into a complete set. */
import { RestoreError } from './errors.ts';
import type { OnProgress } from './progress.ts';

/** Weathers of the models shipped with Fairweather; a model's manifest has the last word. */
export type WeatherName = 'rain' | 'snow' | 'haze' | 'raindrop' | (string & {});

/** Arithmetic of the graphs. fp16 files are half the size; inputs and outputs stay float32. */
export type Precision = 'fp32' | 'fp16';

/** Containers we write. */
export const OUTPUT_FORMATS = ['jpeg', 'png', 'webp', 'avif'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** At which size a picture is restored: its own, those that suit the weather, or its own times a factor. */
export type ScaleOption = 'native' | 'auto' | number;

/** How the restored picture is written. */
export type OutputOptions = {
  /**
   * Container; `same` is that of the input, or `png` where we cannot write it (GIF, TIFF; the report then has a warning).
   * @default 'same'
   */
  readonly format?: OutputFormat | 'same';
  /**
   * 1 to 100, for JPEG, WebP and AVIF. Refused for `png`, which is lossless.
   * @default 92 for JPEG, 90 for WebP, 65 for AVIF
   */
  readonly quality?: number;
  /**
   * `keep`: EXIF (its orientation set to 1, since the pixels are upright), XMP and the colour profile. `strip`: the colour profile only,
   * since colours would change without it.
   * @default 'keep'
   */
  readonly metadata?: 'keep' | 'strip';
};

/** What may come in. Checked against the file's header before its pixels take any memory. */
export type Limits = {
  /** Width times height. @default 100_000_000 */
  readonly maxPixels?: number;
  /** Size of the file in bytes. @default 268_435_456 (256 MiB) */
  readonly maxBytes?: number;
  /** Longer side in pixels. @default 32_768 */
  readonly maxSidePx?: number;
};

/** Options of `inspect`: which model looks, and what may come in. */
export type InspectOptions = {
  /** Name of a model in the manifest. @default the manifest's `defaultModel` */
  readonly model?: string;
  /** @default 'fp32' */
  readonly precision?: Precision;
  readonly limits?: Limits;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
};

/** Options of `restore`. An option that cannot be honoured is an error (`invalid-option`), never ignored. */
export type RestoreOptions = InspectOptions & {
  /** Weathers to take out; the others stay. At least one name of the model's `weathers`. @default all of them */
  readonly remove?: readonly WeatherName[];
  /**
   * How much of the predicted degradation is taken away, 0 (nothing: the input's pixels come back unchanged) to 1 (all of it).
   * More than 1 would take away light that was never added.
   * @default 1
   */
  readonly strength?: number;
  /** Integer 0 to 4294967295; the same seed gives the same result. @default 0 */
  readonly seed?: number;
  /** Sampling steps: 2 as the method says, or 1 for half the time and a little less quality. @default 2 */
  readonly steps?: 1 | 2;
  /**
   * Longest side of a tile in pixels, a multiple of the model's `tile.multiplePx`; `auto` is the model's own, and a quarter more for pictures of 0.9
   * megapixels and more. Smaller tiles take less memory and more time; the result is the same, but for models that look at all of a tile at once
   * (`t3`): there it only comes near, and `auto` is always the model's own.
   * @default 'auto'
   */
  readonly tile?: number | 'auto';
  /**
   * The size the network works at. `auto`: every weather where it is seen best. Haze, once it is found, is taken out by itself, in three small sizes that
   * the network sees whole; rain, snow and drops in the picture's own size, or, where they are too large for that in a picture whose shorter side has 1280
   * pixels or more, in one reduced to 640. The report says what was chosen (`docs/working-size.md`). `native`: everything at once, in the picture's own
   * size. A factor from 0.05 to 1: the picture is reduced by it, and what that takes away is brought back to full size, linearly in the picture.
   * @default 'auto'
   */
  readonly scale?: ScaleOption;
  /** Whether `patch` events bring the pixels of the finished rectangle, for pages that paint them as they come. @default false */
  readonly patchPixels?: boolean;
  readonly output?: OutputOptions;
};

/** `RestoreOptions` checked, with every default filled in that does not depend on the model or on the picture. */
export type CheckedOptions = {
  readonly model: string | undefined;
  readonly precision: Precision;
  readonly remove: readonly string[] | undefined;
  readonly strength: number;
  readonly seed: number;
  readonly steps: 1 | 2;
  readonly tile: number | 'auto';
  readonly scale: ScaleOption;
  readonly patchPixels: boolean;
  readonly output: { readonly format: OutputFormat | 'same'; readonly quality: number | undefined; readonly metadata: 'keep' | 'strip' };
  readonly limits: Required<Limits>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
};

/** Below this `scale` hardly anything of a picture is left to look at. */
export const LEAST_SCALE = 0.05;

export const DEFAULT_LIMITS: Required<Limits> = { maxPixels: 100_000_000, maxBytes: 256 * 1024 * 1024, maxSidePx: 32_768 };

/**
 * Options as the caller gave them -> a complete set.
 * @throws RestoreError `invalid-option` naming the option, what it must be and what came
 */
export function checkOptions(options: RestoreOptions = {}): CheckedOptions {
  refuseUnknown('options', options, [
    'model',
    'precision',
    'limits',
    'signal',
    'onProgress',
    'remove',
    'strength',
    'seed',
    'steps',
    'tile',
    'scale',
    'patchPixels',
    'output',
  ]);
  const output = options.output ?? {};
  refuseUnknown('output', output, ['format', 'quality', 'metadata']);
  const limits = options.limits ?? {};
  refuseUnknown('limits', limits, ['maxPixels', 'maxBytes', 'maxSidePx']);

  const { model, remove, quality } = { model: options.model, remove: options.remove, quality: output.quality };
  if (model !== undefined && (typeof model !== 'string' || model === '')) refuse('model', 'the name of a model', model);
  if (remove !== undefined && (!Array.isArray(remove) || remove.length === 0 || !remove.every((w) => typeof w === 'string')))
    refuse('remove', 'a list of at least one weather; leave it out to remove all', remove);
  if (quality !== undefined) {
    checkInteger('output.quality', quality, 1, 100);
    if (output.format === 'png') refuse('output.quality', 'left out for png, which is lossless', quality);
  }
  const tile = options.tile ?? 'auto';
  if (tile !== 'auto') checkInteger('tile', tile, 1, 16_384);
  const scale = options.scale ?? 'auto';
  if (scale !== 'native' && scale !== 'auto') checkNumber('scale', scale, LEAST_SCALE, 1, "'native', 'auto' or ");
  const signal = options.signal;
  if (signal !== undefined && typeof signal.throwIfAborted !== 'function') refuse('signal', 'an AbortSignal', signal);
  const onProgress = options.onProgress;
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', 'a function', onProgress);

  return {
    model,
    precision: oneOf('precision', options.precision ?? 'fp32', ['fp32', 'fp16']),
    remove: remove === undefined ? undefined : [...new Set<string>(remove)],
    strength: checkNumber('strength', options.strength ?? 1, 0, 1),
    seed: checkInteger('seed', options.seed ?? 0, 0, 0xffff_ffff),
    steps: oneOf('steps', options.steps ?? 2, [1, 2]),
    tile,
    scale,
    patchPixels: oneOf('patchPixels', options.patchPixels ?? false, [true, false]),
    output: {
      format: oneOf('output.format', output.format ?? 'same', [...OUTPUT_FORMATS, 'same']),
      quality,
      metadata: oneOf('output.metadata', output.metadata ?? 'keep', ['keep', 'strip']),
    },
    limits: {
      maxPixels: checkInteger('limits.maxPixels', limits.maxPixels ?? DEFAULT_LIMITS.maxPixels, 1, Number.MAX_SAFE_INTEGER),
      maxBytes: checkInteger('limits.maxBytes', limits.maxBytes ?? DEFAULT_LIMITS.maxBytes, 1, Number.MAX_SAFE_INTEGER),
      maxSidePx: checkInteger('limits.maxSidePx', limits.maxSidePx ?? DEFAULT_LIMITS.maxSidePx, 1, Number.MAX_SAFE_INTEGER),
    },
    signal,
    onProgress,
  };
}

function checkNumber(name: string, value: unknown, min: number, max: number, or = ''): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) refuse(name, `${or}a number from ${min} to ${max}`, value);
  return value;
}

function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) refuse(name, `an integer from ${min} to ${max}`, value);
  return value as number; // Number.isInteger has said so
}

function oneOf<T extends string | number | boolean>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) refuse(name, `one of ${allowed.join(', ')}`, value);
  return found;
}

function refuseUnknown(what: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) refuse(what, 'an object', value);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new RestoreError(
      'invalid-option',
      `${what === 'options' ? 'There is' : `In ${what} there is`} no option "${unknown}"; known are ${known.join(', ')}.`,
      {
        details: { option: unknown },
      },
    );
}

function refuse(name: string, expected: string, got: unknown): never {
  const shown = typeof got === 'string' ? JSON.stringify(got) : Array.isArray(got) ? `[${got.map(String).join(', ')}]` : String(got);
  throw new RestoreError('invalid-option', `${name} must be ${expected}, got ${shown}.`, { details: { option: name } });
}
