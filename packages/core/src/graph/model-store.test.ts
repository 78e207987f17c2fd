import { describe, expect, it } from 'vitest';
import { createFakeGraphs, createFakeStore } from '../../testing/fake-model.ts';
import { createFakeStepGraphs, createFakeStepStore, describeFakeStepModel } from '../../testing/fake-step-model.ts';
import { createNodeCodec } from '../adapter/codec-node.ts';
import { openModel } from '../open-model.ts';
import { createRestorer } from '../restorer.ts';
import { createModelStore } from './model-store.ts';
import { encodePicture, paintPixels } from '../../testing/pictures.ts';

describe('weights in pieces beside a graph', () => {
  it('come with it, under the names by which it calls them', async () => {
    const graphs = createFakeStepGraphs();
    const models = await createFakeStepStore();
    const opened = await openModel(models, graphs, { precision: 'fp32' });
    expect(graphs.pieces.get('encoder')).toEqual([
      { path: 'encoder.0.bin', data: Uint8Array.of(2, 1) },
      { path: 'encoder.1.bin', data: Uint8Array.of(2, 2) },
    ]);
    await opened.dispose();
    expect(graphs.alive.size).toBe(0);
  });
  it('keep their names when the model lies in a folder of its own', async () => {
    const { manifest, files } = await describeFakeStepModel();
    const read: string[] = [];
    const shipped = (await createFakeStore()).manifest;
    const models = createModelStore(
      structuredClone(shipped),
      async (file, { onBytes }) => {
        read.push(file);
        const bytes = files.get(file.replace('t3/', '')) as Uint8Array<ArrayBuffer>;
        onBytes(bytes.length);
        return bytes;
      },
      { t3: manifest },
    );
    const { graphs } = await models.load({ model: 'fake-step', precision: 'fp32' });
    expect(read).toContain('t3/decoder.1.bin');
    expect(graphs.decoder?.externalData.map(({ path }) => path)).toEqual(['decoder.0.bin', 'decoder.1.bin']);
  });
  it('never run with a wrong hash', async () => {
    const models = await createFakeStepStore({ tamper: (file, bytes) => (file === 'encoder.1.bin' ? bytes.map((b) => b ^ 1) : bytes) });
    await expect(models.load({ precision: 'fp32' })).rejects.toMatchObject({ code: 'model-corrupt', details: { file: 'encoder.1.bin' } });
  });
});

describe('a model store', () => {
  it('gives what the manifest describes', async () => {
    const store = await createFakeStore();
    const model = await store.load({ precision: 'fp32' });
    expect(model.name).toBe('fake');
    expect(Object.keys(model.graphs).sort()).toEqual(['condition', 'denoiser', 'depth', 'general-prompts']);
  });
  it('tells how many bytes have come', async () => {
    const told: [string, number, number][] = [];
    await (await createFakeStore()).load({ precision: 'fp32', onBytes: (file, loaded, total) => told.push([file, loaded, total]) });
    expect(told).toContainEqual(['denoiser.onnx', 1, 1]);
  });
  it.each([
    ['a byte differs', (bytes: Uint8Array<ArrayBuffer>) => bytes.map((b) => b ^ 1), 'SHA-256'],
    ['a byte is missing', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(1), 'must have 1 bytes, it has 0'],
    ['a byte too many has come', (bytes: Uint8Array<ArrayBuffer>) => Uint8Array.of(...bytes, 0), 'must have 1 bytes, it has 2'],
  ])('refuses a file of which %s', async (_, change, message) => {
    const store = await createFakeStore({ tamper: (file, bytes) => (file === 'denoiser.onnx' ? change(bytes) : bytes) });
    await expect(store.load({ precision: 'fp32' })).rejects.toThrow(message);
    await expect(store.load({ precision: 'fp32' })).rejects.toMatchObject({ code: 'model-corrupt', details: { file: 'denoiser.onnx' } });
  });
  it.each(['condition.onnx', 'depth.onnx', 'general-prompts.onnx', 'denoiser.onnx', 'pool.bin'])('never lets a wrong hash run: %s', async (wrong) => {
    const graphs = createFakeGraphs({
      onRun: (graph) => {
        throw new Error(`${graph} ran`);
      },
    });
    const models = await createFakeStore({ tamper: (file, bytes) => (file === wrong ? bytes.map((b) => b ^ 1) : bytes) });
    const restorer = createRestorer({ models, graphs, codec: createNodeCodec() });
    const file = await encodePicture(paintPixels(20, 20), 'png');
    await expect(restorer.restore(file)).rejects.toMatchObject({ code: 'model-corrupt' });
    expect(graphs.alive.size).toBe(0);
  });
  it('does not read on after an abort', async () => {
    const store = await createFakeStore();
    await expect(store.load({ precision: 'fp32', signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
