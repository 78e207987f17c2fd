/** The wired restorer on Node with the model in models/manifest.json: worker thread, tiles, precision, wrong files, the built package. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createNodeGraphs, createNodeRestorer, openModelsDir } from '../../src/adapter/node.ts';
import { findModel } from '../../src/graph/manifest.ts';
import { listModelFiles } from '../../src/graph/model-files.ts';
import { describeFakeStepModel } from '../../testing/fake-step-model.ts';
import { decodePicture, encodePicture, largestDifference, paintPixels, readSample } from '../../testing/pictures.ts';

const modelsDir = fileURLToPath(new URL('../../../../models', import.meta.url));
const restorer = await createNodeRestorer({ backend: 'cpu' });
afterAll(() => restorer.dispose());

describe('tiles of the real network', () => {
  it.each([
    [701, 403],
    [403, 701],
  ])('equal the untiled restoration to 2/255: %i x %i', async (width, height) => {
    const degraded = await readSample('rain-and-haze.jpg', width, height);
    const file = await encodePicture(degraded, 'png');
    const whole = await restorer.restore(file, { tile: 1024, scale: 'native' });
    expect(whole.report.tiles.count).toBe(1);
    // Something is taken away, so that there is something to differ in.
    expect(largestDifference(await decodePicture(whole.image), degraded)).toBeGreaterThan(8);
    for (const tile of [256, 384]) {
      const { image, report } = await restorer.restore(file, { tile, scale: 'native' });
      expect(report.tiles.count).toBeGreaterThan(1);
      expect(largestDifference(await decodePicture(image), await decodePicture(whole.image))).toBeLessThanOrEqual(2);
    }
  });
});

describe('the worker thread', () => {
  const picture = encodePicture(paintPixels(640, 480), 'png');

  it('leaves the event loop free while the network runs', async () => {
    let longestGapMs = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longestGapMs = Math.max(longestGapMs, now - last);
      last = now;
    }, 5);
    const { report } = await restorer.restore(await picture);
    clearInterval(timer);
    // Our own longest piece of work between two tiles is a small part of a tile's inference.
    expect(longestGapMs).toBeLessThan(report.timings.restore / 2);
  });
  it('gives the same bytes as inference on this thread', async () => {
    await using here = await createNodeRestorer({ backend: 'cpu', worker: false });
    const [a, b] = [await restorer.restore(await picture), await here.restore(await picture)];
    expect(a.image).toEqual(b.image);
  });
  it('aborts within one tile', async () => {
    const controller = new AbortController();
    const tiles: number[] = [];
    const call = restorer.restore(await picture, {
      tile: 256,
      signal: controller.signal,
      onProgress: (event) => {
        if (event.type === 'tile') tiles.push(event.tile);
        if (event.type === 'step' && event.tile === 2) controller.abort();
      },
    });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(tiles).toEqual([1]);
  });
  it('hands a refusal of the runtime on as a typed error', async () => {
    const graphs = await createNodeGraphs({ backend: 'cpu' });
    await expect(graphs.create('nonsense', Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ name: 'RestoreError', code: 'backend-failed' });
    await graphs.dispose();
  });
});

describe('a restorer on Node', () => {
  it('gives the same bytes every time', async () => {
    const file = await encodePicture(paintPixels(300, 200), 'jpeg');
    const [a, b] = [await restorer.restore(file), await restorer.restore(file)];
    expect(a.image).toEqual(b.image);
  });
  it('names its engine', async () => {
    const { report } = await restorer.restore(await encodePicture(paintPixels(30, 20), 'png'), { precision: 'fp16' });
    expect(report).toMatchObject({ backend: 'cpu', precision: 'fp16', model: { name: restorer.manifest.defaultModel } });
  });
  it('finds models that lie in folders of their own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairweather-'));
    const { manifest, files } = await describeFakeStepModel();
    await cp(join(modelsDir, 'manifest.json'), join(folder, 'manifest.json'));
    await mkdir(join(folder, 'weights'));
    await mkdir(join(folder, 'own'));
    await writeFile(join(folder, 'own', 'manifest.json'), JSON.stringify(manifest));
    for (const [file, bytes] of files) await writeFile(join(folder, 'own', file), bytes);
    const models = await openModelsDir(folder);
    expect(Object.keys(models.manifest.models)).toEqual([
      ...Object.keys(JSON.parse(await readFile(join(modelsDir, 'manifest.json'), 'utf8')).models),
      'fake-step',
    ]);
    expect(Object.keys((await models.load({ model: 'fake-step', precision: 'fp32' })).graphs)).toContain('encoder');
    await expect(models.load({ model: 't3', precision: 'fp32' })).rejects.toThrow('python convert_reference.py CHECKPOINT.ckpt -o ../t3');
    await writeFile(join(folder, 'own', 'manifest.json'), '{');
    await expect(openModelsDir(folder)).rejects.toMatchObject({ code: 'manifest-invalid' });
    await rm(folder, { recursive: true });
  });
  it('refuses a folder without models', async () => {
    await expect(createNodeRestorer({ modelsDir: tmpdir() })).rejects.toMatchObject({ code: 'model-not-found' });
  });
  it('refuses a backend this machine does not have, and says which it has', async () => {
    await expect(createNodeRestorer({ backend: 'dml' as 'cpu' })).rejects.toThrow(/backend must be auto or one of .*cpu/);
  });
  it.each([0, 1.5, -1])('refuses %d threads', async (threads) => {
    await expect(createNodeRestorer({ threads })).rejects.toMatchObject({ code: 'invalid-option' });
  });
  it('never runs a model file that was changed on the disk', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'fairweather-'));
    const { file = '' } = listModelFiles(findModel(restorer.manifest).spec, 'fp32')?.[0] ?? {};
    await cp(join(modelsDir, 'manifest.json'), join(copy, 'manifest.json'));
    await cp(join(modelsDir, dirname(file)), join(copy, dirname(file)), { recursive: true });
    const bytes = await readFile(join(copy, file));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(join(copy, file), bytes);
    await using tampered = await createNodeRestorer({ modelsDir: copy, backend: 'cpu' });
    await expect(tampered.restore(await encodePicture(paintPixels(30, 20), 'png'))).rejects.toMatchObject({ code: 'model-corrupt', details: { file } });
    await rm(copy, { recursive: true });
  });
});
