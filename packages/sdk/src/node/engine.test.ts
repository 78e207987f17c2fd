import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { createFakePlatform } from '../../testing/fake-platform.ts';
import { type ClientDeps, createClientWith } from '../client.ts';
import type { ProgressEvent } from '../engine-port.ts';
import { createRouter } from '../router.ts';
import { createNodeEngine } from './engine.ts';

const samplePath = fileURLToPath(new URL('../../../../samples/rain.jpg', import.meta.url));
const sample = await sharp(samplePath).resize(96, 64).png().toBuffer();
const picture = new Blob([new Uint8Array(sample)], { type: 'image/png' });
const models = fileURLToPath(new URL('../../../../models', import.meta.url));
const engine = await createNodeEngine({ provider: 'cpu' });
afterAll(() => engine.dispose());

/** Largest difference of two pictures, of 255. */
async function largestDifference(a: Blob, b: Blob): Promise<number> {
  const [x, y] = await Promise.all(
    [a, b].map(async (blob) =>
      sharp(await blob.arrayBuffer())
        .removeAlpha()
        .raw()
        .toBuffer(),
    ),
  );
  return (x as Buffer).reduce((largest, value, i) => Math.max(largest, Math.abs(value - ((y as Buffer)[i] as number))), 0);
}

describe('the engine of Node', () => {
  it('restores a picture and says how', async () => {
    const { image, report } = await engine.restore(picture);
    expect(image.type).toBe('image/png');
    expect(await largestDifference(image, picture)).toBeGreaterThan(8); // something was taken away
    expect(report).toMatchObject({ backend: 'cpu', model: { name: 'nano' }, run: { engine: 'node', fallbacks: [], notes: [] } });
    expect(report.run.threads).toBeGreaterThan(0);
  });
  it('takes pixels: the same as those of a file', async () => {
    const data = new Uint8ClampedArray(await sharp(sample).ensureAlpha().raw().toBuffer());
    const { image } = await engine.restore({ width: 96, height: 64, data });
    expect(await largestDifference(image, (await engine.restore(picture)).image)).toBe(0);
  });
  it('inspects and preloads', async () => {
    expect(await engine.inspect(picture)).toMatchObject({
      run: { engine: 'node' },
      weather: expect.arrayContaining([expect.objectContaining({ weather: 'rain' })]),
    });
    expect(await engine.preload()).toMatchObject({ backend: 'cpu', model: { name: 'nano' } });
  });
  it('tells finished rectangles with their pixels', async () => {
    const patches: ProgressEvent[] = [];
    await engine.restore(picture, { patchPixels: true, onProgress: (event) => void (event.type === 'patch' && patches.push(event)) });
    expect(patches).toMatchObject([{ x: 0, y: 0, width: 96, height: 64 }]);
    expect(patches[0]).toHaveProperty('rgba.length', 96 * 64 * 4);
  });
  it('knows whether the models are there', async () => {
    expect(await engine.isCached()).toBe(true);
    expect(await engine.isCached({ model: 'none' })).toBe(false);
    expect(await engine.capabilities({ model: 'lite' })).toMatchObject([{ engine: 'node', available: true }]);
    expect(await engine.capabilities({ model: 'none' })).toMatchObject([{ engine: 'node', available: false, reason: expect.stringContaining('none') }]);
    await using elsewhere = { dispose: (): Promise<void> => other.dispose(), [Symbol.asyncDispose]: (): Promise<void> => other.dispose() };
    const other = await createNodeEngine({ models: pathToFileURL(tmpdir()) });
    expect(await other.isCached()).toBe(false);
    await expect(other.restore(picture)).rejects.toMatchObject({ code: 'model-not-found', name: 'RestoreError', retryable: false });
    expect(await other.capabilities()).toMatchObject([{ engine: 'node', available: false, reason: expect.stringContaining('manifest.json') }]);
    await elsewhere.dispose();
  });
  it('refuses what is for browsers', async () => {
    await expect(createNodeEngine({ backend: 'webgpu' })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(createNodeEngine({ models: 'https://models.example/' })).rejects.toMatchObject({ code: 'invalid-option' });
  });
  it('refuses a model file that is not the manifest’s, and takes it once it has been put right', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairweather-models-'));
    for (const part of ['manifest.json', 'weights']) await cp(join(models, part), join(folder, part), { recursive: true });
    const broken = join(folder, 'weights/nano/prompt-pool.bin');
    await cp(join(models, 'weights/nano/depth.fp32.onnx'), broken);
    const other = await createNodeEngine({ models: folder, provider: 'cpu' });
    await expect(other.restore(picture)).rejects.toMatchObject({ code: 'model-corrupt' });
    await cp(join(models, 'weights/nano/prompt-pool.bin'), broken);
    expect((await other.restore(picture)).report.model.name).toBe('nano');
    await other.dispose();
    await rm(folder, { recursive: true });
  });
});

describe('an abort', () => {
  const large = sharp(samplePath)
    .resize(400, 200)
    .jpeg()
    .toBuffer()
    .then((file) => new Blob([new Uint8Array(file)]));

  it.each(['read', 'load', 'decode', 'condition', 'restore', 'encode'] as const)('stops in phase %s, and the next call works', async (phase) => {
    const fresh = await createNodeEngine({ provider: 'cpu' }); // so that there is something to load
    const controller = new AbortController();
    const after: string[] = [];
    const onProgress = (event: ProgressEvent): void => {
      if (controller.signal.aborted) after.push(event.type);
      if (event.type === 'phase' && event.phase === phase) controller.abort();
    };
    await expect(fresh.restore(await large, { tile: 256, signal: controller.signal, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
    await fresh.dispose(); // waits for all that runs
    expect(after.filter((type) => type === 'step').length).toBeLessThanOrEqual(1); // within one tile
    expect(after).not.toContain('patch');
    expect((await engine.restore(picture)).report.run.engine).toBe('node');
  });
  it('before the call starts nothing', async () => {
    await expect(engine.restore(picture, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a lost inference thread', () => {
  it('is replaced, and the work done once more', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker): void => void threads.push(thread);
    process.on('worker', note);
    const fresh = await createNodeEngine({ provider: 'cpu' });
    const first = await fresh.restore(picture);
    const call = fresh.restore(picture, {
      onProgress: (event) => {
        if (event.type === 'phase' && event.phase === 'restore' && threads.length === 1) void threads[0]?.terminate();
      },
    });
    const { image, report } = await call;
    expect(report.run.notes).toEqual([expect.stringContaining('started anew')]);
    expect(await largestDifference(image, first.image)).toBe(0);
    expect(threads).toHaveLength(2);
    expect((await fresh.restore(picture)).report.run.notes).toEqual([]);
    await fresh.dispose();
    process.off('worker', note);
  });
});

describe('a disposed engine', () => {
  it('ends running calls, takes no others and leaves no thread', async () => {
    const threads = new Set<Worker>();
    const note = (thread: Worker): void => {
      threads.add(thread);
      thread.once('exit', () => threads.delete(thread));
    };
    process.on('worker', note);
    const fresh = await createNodeEngine({ provider: 'cpu' });
    const call = fresh.restore(picture);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [end] = await Promise.allSettled([call, fresh.dispose()]);
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'disposed' } });
    await expect(fresh.restore(picture)).rejects.toMatchObject({ code: 'disposed' });
    expect(threads.size).toBe(0);
    process.off('worker', note);
  });
});

describe('a hundred restorations', () => {
  it('leave memory as it was after the first twenty', async () => {
    const openRouter: ClientDeps['openRouter'] = async (settings, platform) =>
      createRouter({ settings, platform, remote: undefined, loadEngine: async () => async () => engine });
    const client = createClientWith({}, { platform: createFakePlatform(), openRouter });
    const { signal } = new AbortController();
    const input = await sharp(samplePath).resize(128, 96).jpeg().toBuffer();
    const residentMb: number[] = [];
    for (let i = 0; i < 100; i++) {
      await client.restore(new Uint8Array(input), { signal, steps: 1 });
      residentMb.push(process.memoryUsage().rss / 2 ** 20);
    }
    const peak = (values: readonly number[]): number => Math.max(...values);
    // A leak of one decoded picture and its file a call (0.2 MB) would be 16 MB; the allocator's own breathing stays below.
    expect(peak(residentMb.slice(80)) - peak(residentMb.slice(0, 20))).toBeLessThan(16);
  });
});
