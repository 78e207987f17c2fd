/** Pictures in several tiles on a WebGPU device, whose residual stays there between the steps, against Node's CPU; and what crosses to the CPU and stays behind. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeGraphs, openModelsDir } from '../../src/adapter/node.ts';
import { type GoldenArray, type GoldenOptions, planesFromPixels, psnr, restoreGolden } from '../../testing/golden-restoration.ts';
import { openTestPage, type TestPage } from './chromium-page.ts';
import type { ChainsTask } from './compare-chains.ts';
import type { DeviceAnswer, DeviceTask } from './device-page.ts';

const modelsDir = process.env.FAIRWEATHER_MODELS ?? dirname(fileURLToPath(import.meta.resolve('@fairweather/models/manifest.json')));
const sample = fileURLToPath(new URL('../../../../samples/rain.jpg', import.meta.url));
/** The least overlap of `nano`, and tiles as short as still make several of a small picture: SwiftShader is slow. */
const tile = { sizePx: 160, overlapPx: 64, multiplePx: 8 };

let page: TestPage;
beforeAll(async () => {
  page = await openTestPage(fileURLToPath(new URL('./device-page.ts', import.meta.url)), 'fairweatherDevice');
});
afterAll(() => page?.close());

async function cutSample(height: number, width: number): Promise<GoldenArray> {
  const data = await sharp(sample).extract({ left: 60, top: 20, width, height }).raw().toBuffer();
  return { dims: [1, 3, height, width], data: planesFromPixels({ height, width, channels: 3, data: new Uint8Array(data) }) };
}

function restoreInPage(picture: GoldenArray, task: Omit<DeviceTask, 'dims' | 'data'>): Promise<DeviceAnswer> {
  const given: DeviceTask = { dims: picture.dims, data: Array.from(picture.data), ...task };
  return page.page.evaluate(([one, models]) => globalThis.fairweatherDevice.restoreOnDevice(one, models), [given, page.addressOf(modelsDir)] as const);
}

async function restoreOnNode(picture: GoldenArray, options: GoldenOptions): Promise<Float32Array> {
  const graphs = await createNodeGraphs({ backend: 'cpu' });
  try {
    return await restoreGolden(await openModelsDir(modelsDir), graphs, picture, options);
  } finally {
    await graphs.dispose();
  }
}

describe('chains on a device', () => {
  const compare = (task: ChainsTask): ReturnType<typeof globalThis.fairweatherDevice.compareOnDevice> =>
    page.page.evaluate((given) => globalThis.fairweatherDevice.compareOnDevice(given), task);
  const rule = { sizePx: 32, overlapPx: 8, multiplePx: 8 };
  /** [height, width], multiples of 8: the grid covers the padding. */
  const SIZES: readonly (readonly [string, number, number])[] = [
    ['one tile', 24, 32],
    ['one row', 32, 104],
    ['one column', 120, 24],
    ['two rows and columns', 40, 48],
    ['rows and columns', 152, 72],
  ];
  /** Steps, and the longest piece of a ring: the device's own, some columns, one column. */
  const CHAINS: readonly (readonly [number, ChainsTask['pieceBytes']])[] = [
    [1, undefined],
    [2, undefined],
    [2, 5000],
    [3, 1],
  ];
  it.each(SIZES.flatMap(([name, height, width]) => CHAINS.map(([steps, pieceBytes]) => ({ name, height, width, steps, pieceBytes }))))(
    'give what they give in memory: $name, steps: $steps, bytes of a piece: $pieceBytes',
    async ({ name: _, pieceBytes, ...size }) => {
      const { numbers, difference, largest, made, alive } = await compare({
        ...{ ...size, rule, gives: 'noisy_residual' },
        ...(pieceBytes === undefined ? {} : { pieceBytes }),
      });
      expect(numbers).toBeGreaterThanOrEqual(3 * size.height * size.width);
      expect(largest).toBeGreaterThan(1);
      expect(difference).toBeLessThan(1e-6); // of numbers up to 2: float32 formulas, where a GPU may fuse a multiplication and an addition
      const pieces = made.filter((buffer) => buffer === 'ring').length;
      const rings = size.steps - 1;
      if (pieceBytes === 1) expect(pieces).toBe(rings * size.width);
      else if (pieceBytes === undefined) expect(pieces).toBe(rings);
      else expect(pieces).toBeGreaterThan(rings);
      expect(alive).toEqual([]);
      expect(page.complaints).toEqual([]);
    },
  );
  it('are not opened for tiles longer than the device may bind', async () => {
    const hasRoom = (sidePx: number): Promise<boolean> => page.page.evaluate((side) => globalThis.fairweatherDevice.hasRoom(side), sidePx);
    expect(await hasRoom(64)).toBe(true);
    expect(await hasRoom(16_384)).toBe(false); // 3.2 GB
    expect(page.complaints).toEqual([]);
  });
  it.each(['NaN', 'Infinity'] as const)('say so when an output that stayed there had %s, though later ones are finite', async (value) => {
    const task: ChainsTask = { height: 40, width: 48, rule, steps: 2, gives: 'degraded' };
    expect(await compare(task)).toMatchObject({ thrown: [], difference: 0 });
    const { thrown, alive } = await compare({ ...task, fault: { place: 5, value } });
    expect(thrown).toHaveLength(2); // on both sides
    for (const error of thrown) expect(error).toContain('"residual" had numbers that are not finite');
    expect(alive).toEqual([]);
  });
});

/** From the second inference of a picture on nothing is compiled, but SwiftShader is slow. */
describe('a picture in several tiles on a device', { timeout: 600_000 }, () => {
  const asOnNode = async ({ restored }: DeviceAnswer, picture: GoldenArray, options: GoldenOptions): Promise<void> => {
    const onNode = await restoreOnNode(picture, options);
    expect(psnr(onNode, picture.data)).toBeLessThan(60); // something was restored at all
    expect(psnr(Float32Array.from(restored), onNode)).toBeGreaterThan(50); // a mean difference below 1/255
  };
  const tileBytes = (height: number, width: number): number => 4 * 3 * height * width;

  it.each<[string, number, number, number, GoldenOptions]>([
    ['one tile', 43, 29, 1, {}],
    ['one column', 200, 24, 3, {}],
    ['one row, at half the strength', 24, 200, 3, { strength: 0.5 }],
    ['one column, odd sides, one step', 195, 43, 3, { steps: 1 }],
    ['rows and columns, odd sides', 163, 165, 4, {}],
  ])('is restored as on the CPU, in tiles or in one: %s', async (_, height, width, tiles, options) => {
    const picture = await cutSample(height, width);
    const answer = await restoreInPage(picture, { options: { ...options, tile } });
    expect(answer).toMatchObject({ tiles, runs: tiles * (options.steps ?? 2), alive: [] });
    await asOnNode(answer, picture, { ...options, tile });
    await asOnNode(answer, picture, options);
    expect(page.complaints).toEqual([]);
  });

  it('goes up by picture twice and noise once, and comes back once; without room every step comes back', async () => {
    const picture = await cutSample(200, 24);
    const bytes = tileBytes(152, 24); // of each of the three tiles
    const onDevice = await restoreInPage(picture, { options: { tile } });
    expect(onDevice.up.filter((size) => size === bytes)).toHaveLength(3 * 3);
    expect(onDevice.down.filter((size) => size >= bytes)).toEqual([1, 2, 3].map(() => bytes + 16)); // and whether all was finite

    const inMemory = await restoreInPage(picture, { options: { tile }, longRings: true });
    expect(inMemory.made).toContain('ring');
    expect(inMemory.alive).toEqual([]);
    expect(inMemory.up.filter((size) => size === bytes)).toHaveLength(3 * 4);
    expect(inMemory.down.filter((size) => size >= bytes)).toEqual([1, 2, 3, 4, 5, 6].map(() => bytes));
    await asOnNode(inMemory, picture, { tile });
    expect(page.complaints).toEqual([]);
  });

  it.each([1, 4])('is let go of by an abort after inference %i, and nothing stays on the device', async (afterRuns) => {
    const { failure, runs, made, alive } = await restoreInPage(await cutSample(200, 24), { options: { tile }, stop: { afterRuns, by: 'abort' } });
    expect(failure?.name).toBe('AbortError');
    expect(runs).toBe(afterRuns);
    expect(made).toContain('ring');
    expect(alive).toEqual([]);
  });

  // The last one, for the page's device is gone after it.
  it('ends with an error of the backend when the device is lost between the steps', async () => {
    const { failure, alive } = await restoreInPage(await cutSample(200, 24), { options: { tile }, stop: { afterRuns: 1, by: 'loss' } });
    expect(failure).toMatchObject({ name: 'RestoreError', code: 'backend-failed' });
    expect(failure?.message).toMatch(/^Graph nano\/denoiser could not be run: .*lost/s);
    expect(alive).toEqual([]);
  });
  it('refuses pictures at once on a device that was lost', async () => {
    const { failure, runs, alive } = await restoreInPage(await cutSample(200, 24), { options: { tile } });
    expect([failure?.code, runs, alive]).toEqual(['backend-failed', 0, []]);
    expect(failure?.message).toMatch(/the WebGPU device was lost \(.+\); use another device$/);
  });
});
