/** Models, a backend and golden numbers -> how far a whole restoration on this runtime is from PyTorch's. Runs in Node and in a page. */
import { computeCondition, observeWeather } from '../src/conditioning/condition.ts';
import type { GraphFactory } from '../src/graph/graph.ts';
import type { ModelStore } from '../src/graph/model-store.ts';
import type { Pixels } from '../src/image/pixels.ts';
import type { OpenModel } from '../src/open-model.ts';
import type { Precision } from '../src/options.ts';
import { restorePixels } from '../src/passes/restore-pixels.ts';
import type { TileSides } from '../src/tiling/tile-grid.ts';
import { openPictureModel } from './open-model.ts';

/** An array that PyTorch computed. */
export type GoldenArray = { readonly dims: readonly number[]; readonly data: Float32Array };

/** The seed of `models/recipe/parity.py`. */
export const GOLDEN_SEED = 7;

/** RGB planes in [0,1] that hold 8-bit values -> pixels. @param planes [1,3,H,W] */
export function pixelsFromPlanes({ dims, data }: GoldenArray): Pixels {
  const [, , height, width] = dims as readonly [number, number, number, number]; // [1,3,H,W]
  const area = height * width;
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: 3 * area }, (_, i) => Math.round(255 * (data[(i % 3) * area + Math.floor(i / 3)] as number))),
  };
}

/** Pixels -> RGB planes in [0,1], in the order of a golden array. */
export function planesFromPixels({ width, height, data }: Pixels): Float32Array {
  const area = width * height;
  return Float32Array.from({ length: 3 * area }, (_, i) => (data[(i % area) * 3 + Math.floor(i / area)] as number) / 255);
}

export type GoldenOptions = {
  readonly model?: string;
  readonly precision?: Precision;
  readonly remove?: readonly string[];
  readonly steps?: 1 | 2;
  readonly strength?: number;
  /** @default the model's */
  readonly tile?: TileSides;
};

/**
 * Restores the degraded picture of the fixtures.
 * @param degraded `picture.degraded` of golden.json
 * @returns the restored picture in planes, [1,3,H,W], rounded to 8 bits
 */
export async function restoreGolden(models: ModelStore, graphs: GraphFactory, degraded: GoldenArray, options: GoldenOptions = {}): Promise<Float32Array> {
  const { model: name, precision = 'fp32' } = options;
  const model = await openPictureModel(models, graphs, { precision, ...(name !== undefined && { model: name }) });
  try {
    return (await restoreWith(model, degraded, options)).restored;
  } finally {
    await model.dispose();
  }
}

/** The same with a model that stays open. @param watch told of each inference */
export async function restoreWith(
  model: OpenModel,
  degraded: GoldenArray,
  { remove, steps = 2, strength = 1, tile = model.spec.tile }: Omit<GoldenOptions, 'model' | 'precision'>,
  { signal, onRun }: { readonly signal?: AbortSignal; onRun?(done: number): void } = {},
): Promise<{ readonly restored: Float32Array; readonly tiles: number }> {
  const pixels = pixelsFromPlanes(degraded);
  const condition = await computeCondition(await observeWeather(pixels, model), model, remove);
  let runs = 0;
  const deps = { tell: ({ type }: { readonly type: string }) => type === 'step' && onRun?.(++runs), pause: () => Promise.resolve() };
  const { restored, tiles } = await restorePixels(pixels, model, condition, tile, { strength, seed: GOLDEN_SEED, steps, signal }, deps);
  return { restored: planesFromPixels(restored), tiles };
}

/** Peak signal-to-noise ratio of two pictures in [0,1], in dB; Infinity for equal ones. */
export function psnr(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0) throw new Error(`Expected pictures of one size, got ${a.length} and ${b.length} numbers.`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return 10 * Math.log10(a.length / sum);
}
