import { describe, expect, it } from 'vitest';
import { createFakeRestorer } from '../../testing/fake-model.ts';
import { encodePicture, paintPixels } from '../../testing/pictures.ts';

const file = await encodePicture(paintPixels(150, 97), 'png'); // 8 tiles of 64

/** Lets everything else that is ready run first. */
const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('tiles', () => {
  it('are blended while the next one is with the network', async () => {
    const log: string[] = [];
    let runs = 0;
    const restorer = await createFakeRestorer({
      denoiser: async ({ degraded }) => {
        const run = ++runs;
        await later();
        log.push(`answer ${run}`);
        return new Float32Array(degraded.data.length);
      },
    });
    let patches = 0;
    const onProgress = ({ type }: { readonly type: string }): void => {
      if (type === 'patch') log.push(`blended ${++patches}`);
    };
    const { report } = await restorer.restore(file, { steps: 1, onProgress });
    const { count } = report.tiles;
    expect(count).toBeGreaterThan(4);
    const beside = Array.from({ length: count - 1 }, (_, i) => [`blended ${i + 1}`, `answer ${i + 2}`]).flat();
    expect(log).toEqual(['answer 1', ...beside, `blended ${count}`]);
  });
  it('leave alone what the network is reading, though their memory is used again', async () => {
    const memories = new Set<ArrayBufferLike>();
    const changed: boolean[] = [];
    const restorer = await createFakeRestorer({
      denoiser: async ({ degraded, noisyResidual }) => {
        for (const { data } of [degraded, noisyResidual]) memories.add(data.buffer);
        const before = [degraded.data.slice(), noisyResidual.data.slice()];
        await later();
        changed.push([degraded, noisyResidual].some(({ data }, i) => data.some((value, k) => value !== before[i]?.[k])));
        return new Float32Array(degraded.data.length);
      },
    });
    await restorer.restore(file);
    expect(changed.length).toBeGreaterThan(8);
    expect(changed).not.toContain(true);
    expect(memories.size).toBe(4); // two tiles' worth
  });
  it('pass on an error of what runs beside the network, and none is left unhandled', async () => {
    const restorer = await createFakeRestorer({
      denoiser: async ({ degraded }) => {
        await later();
        return new Float32Array(degraded.data.length).fill(Number.NaN);
      },
    });
    await expect(restorer.restore(file)).rejects.toMatchObject({ code: 'backend-failed' });
    const stopped = new Error('the listener has had enough');
    let answers = 0;
    const failing = await createFakeRestorer({
      denoiser: async ({ degraded }) => {
        await later();
        if (++answers > 1) throw new Error('no second tile');
        return new Float32Array(degraded.data.length);
      },
    });
    const onProgress = ({ type }: { readonly type: string }): void => {
      if (type === 'patch') throw stopped;
    };
    await expect(failing.restore(file, { steps: 1, onProgress })).rejects.toBe(stopped);
    await later();
  });
});
