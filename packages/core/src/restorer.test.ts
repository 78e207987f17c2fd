import { describe, expect, it, vi } from 'vitest';
import { createFakeGraphs, createFakeRestorer, createFakeStore, zeroDenoiser } from '../testing/fake-model.ts';
import { encodePicture, paintPixels } from '../testing/pictures.ts';
import { createNodeCodec } from './adapter/codec-node.ts';
import { createRestorer } from './restorer.ts';

const file = await encodePicture(paintPixels(150, 97), 'png');

describe('an abort', () => {
  it('before the start runs nothing', async () => {
    const ran: string[] = [];
    const restorer = await createFakeRestorer({ onRun: (graph) => ran.push(graph) });
    await expect(restorer.restore(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(ran).toEqual([]);
  });
  it('in the middle stops within one tile', async () => {
    const controller = new AbortController();
    let runs = 0;
    const restorer = await createFakeRestorer({
      denoiser: (feeds) => {
        if (++runs === 3) controller.abort(); // the first step of the second tile
        return zeroDenoiser(feeds);
      },
    });
    await expect(restorer.restore(file, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(runs).toBe(3);
  });
  it('passes the reason through', async () => {
    const reason = new Error('the user left');
    await expect((await createFakeRestorer()).restore(file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
  it.each(['read', 'load', 'decode', 'condition', 'restore', 'encode'])('at the phase "%s" stops there', async (phase) => {
    const controller = new AbortController();
    const later: string[] = [];
    const restorer = await createFakeRestorer();
    const call = restorer.restore(file, {
      signal: controller.signal,
      onProgress: (event) => {
        if (controller.signal.aborted && event.type === 'phase') later.push(event.phase);
        if (event.type === 'phase' && event.phase === phase) controller.abort();
      },
    });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(later).toEqual([]);
  });
  it('leaves the restorer ready for the next call', async () => {
    const restorer = await createFakeRestorer();
    await expect(restorer.restore(file, { signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(restorer.restore(file)).resolves.toMatchObject({ width: 150 });
  });
});

describe('a restorer', () => {
  it('loads a model once for many calls', async () => {
    const graphs = createFakeGraphs();
    const create = vi.fn(graphs.create);
    const counted = { ...graphs, create };
    const restorer = createRestorer({ models: await createFakeStore(), graphs: counted, codec: createNodeCodec() });
    await Promise.all([restorer.restore(file), restorer.restore(file), restorer.inspect(file)]);
    await restorer.restore(file);
    expect(create).toHaveBeenCalledTimes(4);
  });
  it('gives the same results to calls that overlap', async () => {
    const restorer = await createFakeRestorer();
    const [a, b] = await Promise.all([restorer.restore(file, { seed: 1 }), restorer.restore(file, { seed: 1 })]);
    expect(a.image).toEqual(b.image);
  });
  it('tries again after a model could not be loaded', async () => {
    let broken = true;
    const models = await createFakeStore({ tamper: (_, bytes) => (broken ? bytes.map((b) => b ^ 1) : bytes) });
    const restorer = createRestorer({ models, graphs: createFakeGraphs(), codec: createNodeCodec() });
    await expect(restorer.load()).rejects.toMatchObject({ code: 'model-corrupt' });
    broken = false;
    await expect(restorer.load()).resolves.toEqual({ backend: 'fake', precision: 'fp32', model: { name: 'fake', version: '1.2.3' } });
  });
  it('frees the graphs made before one that fails', async () => {
    const graphs = createFakeGraphs();
    const failing = {
      ...graphs,
      create: (name: string, onnx: Uint8Array) => (name.endsWith('denoiser') ? Promise.reject(new Error('no memory')) : graphs.create(name, onnx)),
    };
    const restorer = createRestorer({ models: await createFakeStore(), graphs: failing, codec: createNodeCodec() });
    await expect(restorer.load()).rejects.toThrow('no memory');
    expect(graphs.alive.size).toBe(0);
  });
  it('refuses a graph that takes other names than the contract says', async () => {
    const graphs = createFakeGraphs();
    const renamed = { ...graphs, create: async (name: string, onnx: Uint8Array) => ({ ...(await graphs.create(name, onnx)), inputNames: ['x'] }) };
    const restorer = createRestorer({ models: await createFakeStore(), graphs: renamed, codec: createNodeCodec() });
    await expect(restorer.load()).rejects.toMatchObject({ code: 'manifest-invalid' });
    expect(graphs.alive.size).toBe(0);
  });
  it.each([
    ['a model there is not', { model: 'lite' }, 'model-not-found'],
    ['a precision the model does not have', { precision: 'fp16' }, 'invalid-option'],
  ] as const)('refuses %s', async (_, options, code) => {
    const restorer = await createFakeRestorer();
    await expect(restorer.restore(file, options)).rejects.toMatchObject({ code });
    await expect(restorer.load(options)).rejects.toMatchObject({ code });
  });
  it('refuses options of restore in inspect', async () => {
    await expect((await createFakeRestorer()).inspect(file, { strength: 1 } as object)).rejects.toThrow(
      'inspect has no option "strength"; it belongs to restore.',
    );
  });
  it('when disposed of waits for running calls, frees its graphs and refuses more', async () => {
    const graphs = createFakeGraphs();
    const restorer = createRestorer({ models: await createFakeStore(), graphs, codec: createNodeCodec() });
    const running = restorer.restore(file);
    await restorer.dispose();
    await expect(running).resolves.toMatchObject({ width: 150 });
    expect(graphs.alive.size).toBe(0);
    await expect(restorer.restore(file)).rejects.toMatchObject({ code: 'disposed' });
    await expect(restorer.dispose()).resolves.toBeUndefined();
  });
  it('is disposed of at the end of its scope', async () => {
    const graphs = createFakeGraphs();
    {
      await using restorer = createRestorer({ models: await createFakeStore(), graphs, codec: createNodeCodec() });
      await restorer.load();
      expect(graphs.alive.size).toBe(4);
    }
    expect(graphs.alive.size).toBe(0);
  });
});
