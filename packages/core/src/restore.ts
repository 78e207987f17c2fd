/** The whole way: a degraded picture, as a file, in; the restored one, as a file, and a report out. One line per stage. */
import { findWeather } from './passes/condition-picture.ts';
import { checkRemove } from './conditioning/prompt-pool.ts';
import type { DecodedImage, ImageCodec } from './image/codec.ts';
import { planOutput } from './image/output-plan.ts';
import type { Pixels } from './image/pixels.ts';
import { readInput } from './image/read-input.ts';
import { type SniffedImage, sniffImage } from './image/sniff.ts';
import type { AnyOpenModel } from './open-model.ts';
import type { CheckedOptions } from './options.ts';
import { type PhaseClock, startPhaseClock } from './progress-clock.ts';
import type { InputFacts, InspectResult, RestoreResult } from './report.ts';
import { conditionAtScale } from './passes/restore-at-scale.ts';
import { chooseTileSize } from './tiling/tile-size.ts';

/** What the way needs from outside. */
export type RestoreDeps = {
  readonly codec: ImageCodec;
  /** Gives the model, loading it if need be. */
  openModel(options: CheckedOptions, onBytes: (file: string, loadedBytes: number, totalBytes: number) => void): Promise<AnyOpenModel>;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Lets other work on the event loop go first; awaited between tiles. */
  pause(): Promise<void>;
};

/** @throws RestoreError, every code; an abort throws the signal's reason */
export async function restoreImage(input: Uint8Array | Blob, options: CheckedOptions, deps: RestoreDeps): Promise<RestoreResult> {
  const clock = startPhaseClock(deps.now, options.onProgress, options.signal);
  const { bytes, sniffed } = await clock.phase('read', () => readImage(input, options));
  const output = planOutput(options.output, sniffed, deps.codec.outputFormats);
  const model = await clock.phase('load', () => openModel(options, deps, clock));
  const tileRule = chooseTileSize(options.tile, model.spec.tile, sniffed, model.promptQuery === 'once');
  checkRemove(model.spec.weathers, options.remove);
  const decoded = await clock.phase('decode', () => decodeImage(bytes, sniffed, options, deps));
  const conditioned = await clock.phase('condition', () => conditionAtScale(decoded.pixels, model, options));
  const { restored, tiles } = await clock.phase('restore', () => conditioned.restore(tileRule, options, { ...deps, tell: clock.tell }));
  const encoded = await clock.phase('encode', () => deps.codec.encode(restored, { ...output, metadata: decoded.metadata, signal: options.signal }));
  options.signal?.throwIfAborted();

  const { width, height } = restored;
  return {
    image: encoded.bytes,
    mediaType: `image/${output.format}`,
    width,
    height,
    report: {
      ...model.engine,
      input: inputFacts(bytes, sniffed, decoded.pixels),
      weather: conditioned.weather,
      removed: options.remove ?? model.spec.weathers,
      seed: options.seed,
      steps: options.steps,
      strength: options.strength,
      scale: conditioned.scale,
      tiles: { count: tiles, sizePx: tileRule.sizePx, overlapPx: tileRule.overlapPx },
      output: { format: output.format, bytes: encoded.bytes.length, bitDepth: encoded.bitDepth },
      timings: clock.timings(),
      warnings: [...output.warnings, ...decoded.warnings, ...encoded.warnings],
    },
  };
}

/** The same way up to the weather report. */
export async function inspectImage(input: Uint8Array | Blob, options: CheckedOptions, deps: RestoreDeps): Promise<InspectResult> {
  const clock = startPhaseClock(deps.now, options.onProgress, options.signal);
  const { bytes, sniffed } = await clock.phase('read', () => readImage(input, options));
  const model = await clock.phase('load', () => openModel(options, deps, clock));
  const { pixels, warnings } = await clock.phase('decode', () => decodeImage(bytes, sniffed, options, deps));
  const weather = await clock.phase('condition', () => findWeather(pixels, model));
  return { ...model.engine, input: inputFacts(bytes, sniffed, pixels), weather, timings: clock.timings(), warnings };
}

async function readImage(input: Uint8Array | Blob, { limits }: CheckedOptions): Promise<{ readonly bytes: Uint8Array; readonly sniffed: SniffedImage }> {
  const bytes = await readInput(input, limits.maxBytes);
  return { bytes, sniffed: sniffImage(bytes, limits) };
}

function openModel(options: CheckedOptions, deps: RestoreDeps, clock: PhaseClock): Promise<AnyOpenModel> {
  return deps.openModel(options, (file, loadedBytes, totalBytes) => clock.tell({ type: 'load', file, loadedBytes, totalBytes }));
}

function decodeImage(bytes: Uint8Array, { format }: SniffedImage, { limits, signal }: CheckedOptions, { codec }: RestoreDeps): Promise<DecodedImage> {
  return codec.decode(bytes, { format, maxPixels: limits.maxPixels, maxSidePx: limits.maxSidePx, signal });
}

function inputFacts(bytes: Uint8Array, { format }: SniffedImage, { width, height, channels, data }: Pixels): InputFacts {
  return { format, width, height, bytes: bytes.length, bitDepth: data instanceof Uint16Array ? 16 : 8, channels };
}
