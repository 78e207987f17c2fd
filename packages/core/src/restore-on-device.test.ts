import { describe, expect, it } from 'vitest';
import { createFakeGraphs, createFakeStore, type FakeDenoiser, meanDenoiser } from '../testing/fake-model.ts';
import { type ChainLog, withHostChain } from '../testing/host-chain.ts';
import { encodePicture, paintPixels } from '../testing/pictures.ts';
import { createNodeCodec } from './adapter/codec-node.ts';
import type { GraphFactory } from './graph/graph.ts';
import type { RestoreOptions } from './options.ts';
import type { ProgressEvent } from './progress.ts';
import { createRestorer, type Restorer } from './restorer.ts';

const tile = { sizePx: 64, overlapPx: 16, multiplePx: 8, receptiveFieldPx: 16 };
const codec = createNodeCodec();
const file = await encodePicture(paintPixels(150, 97), 'png'); // odd sides, several rows and columns of tiles of 64
const wide: FakeDenoiser = (feeds) => meanDenoiser(8, feeds);

/** A restorer whose denoiser keeps its tensors on a "device", with what it kept. */
async function restorerOnDevice(denoiser: FakeDenoiser = wide, room = true): Promise<{ readonly restorer: Restorer; readonly logs: ChainLog[] }> {
  const inMemory = createFakeGraphs({ denoiser });
  const logs: ChainLog[] = [];
  const graphs: GraphFactory = {
    ...inMemory,
    async create(name, onnx) {
      const graph = await inMemory.create(name, onnx);
      if (!name.endsWith('denoiser')) return graph;
      const chaining = withHostChain(graph, room);
      logs.push(chaining.log);
      return chaining;
    },
  };
  return { restorer: createRestorer({ models: await createFakeStore({ tile }), graphs, codec, pause: () => Promise.resolve() }), logs };
}

async function restorerInMemory(): Promise<Restorer> {
  return createRestorer({ models: await createFakeStore({ tile }), graphs: createFakeGraphs({ denoiser: wide }), codec, pause: () => Promise.resolve() });
}

async function pixelsOf(restorer: Restorer, options: RestoreOptions): Promise<Uint8Array | Uint16Array> {
  const { image } = await restorer.restore(file, options);
  return (await codec.decode(image, { format: 'png', maxPixels: 1e6, maxSidePx: 1000 })).pixels.data;
}

const openChains = (logs: readonly ChainLog[]): number => logs.reduce((sum, { open }) => sum + open, 0);

describe('a restoration whose residual stays on a device', () => {
  it.each<RestoreOptions>([{}, { steps: 1 }, { strength: 0.4 }, { tile: 96 }, { tile: 512 }])(
    'gives the pixels that one in memory gives: %o',
    async (options) => {
      const { restorer, logs } = await restorerOnDevice();
      const [onDevice, inMemory, untiled] = [
        await pixelsOf(restorer, options),
        await pixelsOf(await restorerInMemory(), options),
        await pixelsOf(await restorerInMemory(), { ...options, tile: 512 }),
      ];
      for (const [i, value] of onDevice.entries()) {
        // A residual that lies between two values of 8 bits may be rounded to either.
        expect(Math.abs(value - (inMemory[i] as number))).toBeLessThanOrEqual(1);
        expect(Math.abs(value - (untiled[i] as number))).toBeLessThanOrEqual(1);
      }
      expect(onDevice.filter((value, i) => value !== inMemory[i]).length).toBeLessThan(onDevice.length / 1000);
      expect(logs[0]?.cameBack).toBeGreaterThan(0);
      expect(openChains(logs)).toBe(0);
    },
  );
  it('tells the same of its progress', async () => {
    const told = async (restorer: Restorer): Promise<unknown[]> => {
      const events: ProgressEvent[] = [];
      await restorer.restore(file, { patchPixels: false, onProgress: (event) => events.push(event) });
      return events.flatMap(({ elapsedMs: _, ...event }) => (event.type === 'load' ? [] : [event]));
    };
    const onDevice = await told((await restorerOnDevice()).restorer);
    expect(onDevice.length).toBeGreaterThan(20);
    expect(onDevice).toEqual(await told(await restorerInMemory()));
  });
  it('leaves nothing on the device when it is aborted, after whichever inference', async () => {
    const { restorer, logs } = await restorerOnDevice();
    const { report } = await restorer.restore(file);
    const runs = 2 * report.tiles.count;
    expect(runs).toBeGreaterThan(10);
    for (let last = 1; last < runs; last++) {
      const abort = new AbortController();
      let done = 0;
      const onProgress = ({ type }: ProgressEvent): void => {
        if (type === 'step' && ++done === last) abort.abort(new Error('enough'));
      };
      await expect(restorer.restore(file, { signal: abort.signal, onProgress })).rejects.toThrow('enough');
      expect(done).toBe(last); // no inference was begun after it
      expect(openChains(logs)).toBe(0);
    }
  });
  it('leaves nothing on the device when the network or the listener throws, and the error is theirs', async () => {
    let runs = 0;
    const failing = await restorerOnDevice(({ degraded }) => {
      runs += 1;
      if (runs === 3) throw new Error('no third tile');
      return new Float32Array(degraded.data.length);
    });
    await expect(failing.restorer.restore(file)).rejects.toThrow('no third tile');
    expect(failing.logs[0]?.plans).toHaveLength(1);
    expect(openChains(failing.logs)).toBe(0);

    const stopped = new Error('the listener has had enough');
    const { restorer, logs } = await restorerOnDevice();
    const onProgress = ({ type }: ProgressEvent): void => {
      if (type === 'patch') throw stopped;
    };
    await expect(restorer.restore(file, { onProgress })).rejects.toBe(stopped);
    expect(openChains(logs)).toBe(0);
  });
  it('is done in memory where the device has no room', async () => {
    const { restorer, logs } = await restorerOnDevice(wide, false);
    expect(await pixelsOf(restorer, {})).toEqual(await pixelsOf(await restorerInMemory(), {}));
    expect(logs).toMatchObject([{ plans: [], cameBack: 0 }]);
  });
});
