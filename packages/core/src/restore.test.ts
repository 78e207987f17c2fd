import { describe, expect, it } from 'vitest';
import { constantDenoiser, createFakeRestorer, localDenoiser, meanDenoiser, zeroDenoiser } from '../testing/fake-model.ts';
import { decodePicture, encodePicture, largestDifference, paintPixels, storeUnderOrientation, writePngHeader } from '../testing/pictures.ts';
import type { Pixels } from './image/pixels.ts';
import type { ProgressEvent } from './progress.ts';

const code = (wanted: string): unknown => expect.objectContaining({ name: 'RestoreError', code: wanted });

describe('restoring', () => {
  it.each([
    ['grey', 1, 8],
    ['grey with alpha', 2, 8],
    ['RGB', 3, 8],
    ['RGB with alpha', 4, 8],
    ['16-bit grey', 1, 16],
    ['16-bit grey with alpha', 2, 16],
    ['16-bit RGB', 3, 16],
    ['16-bit RGB with alpha', 4, 16],
  ] as const)('gives the input back exactly for a residual of zero: %s', async (_, channels, bitDepth) => {
    const pixels = paintPixels(150, 97, channels, bitDepth);
    const restorer = await createFakeRestorer({ denoiser: zeroDenoiser });
    const { image, report } = await restorer.restore(await encodePicture(pixels, 'png'));
    expect(largestDifference(await decodePicture(image), pixels)).toBe(0);
    expect(report.input).toMatchObject({ format: 'png', width: 150, height: 97, channels, bitDepth });
    expect(report.output).toMatchObject({ format: 'png', bitDepth });
  });
  it.each([{}, { scale: 0.5 }])('gives the input back exactly for a strength of zero, whatever the network says: %j', async (options) => {
    const pixels = paintPixels(150, 97);
    const restorer = await createFakeRestorer({ denoiser: localDenoiser });
    const { image } = await restorer.restore(await encodePicture(pixels, 'png'), { ...options, strength: 0 });
    expect(largestDifference(await decodePicture(image), pixels)).toBe(0);
  });
  it.each([
    [1, 1],
    [1, 4000],
    [4000, 1],
    [3, 2],
    [63, 64],
    [64, 65],
    [7, 500],
  ])('works on a picture of %i x %i, in its own size and reduced', async (width, height) => {
    const restorer = await createFakeRestorer({ denoiser: constantDenoiser(10 / 255) });
    const pixels = paintPixels(width, height);
    for (const options of [{}, { scale: 0.4 }]) {
      const result = await restorer.restore(await encodePicture(pixels, 'png'), options);
      const restored = await decodePicture(result.image);
      expect([result.width, result.height, restored.width, restored.height]).toEqual([width, height, width, height]);
      expect([...restored.data]).toEqual(Array.from(pixels.data, (v) => Math.max(0, v - 10)));
    }
  });
  it('leaves alpha untouched while colours change', async () => {
    const pixels = paintPixels(90, 70, 4);
    const restorer = await createFakeRestorer({ denoiser: constantDenoiser(10 / 255) });
    const restored = await decodePicture((await restorer.restore(await encodePicture(pixels, 'png'))).image);
    for (let i = 0; i < pixels.data.length; i += 4) {
      expect(restored.data[i + 3]).toBe(pixels.data[i + 3]);
      expect(restored.data[i]).toBe((pixels.data[i] as number) - 10);
    }
  });
  it('restores 16-bit pictures in 16 bits', async () => {
    const pixels = paintPixels(90, 70, 3, 16);
    const restorer = await createFakeRestorer({ denoiser: constantDenoiser(3 / 65535) });
    const restored = await decodePicture((await restorer.restore(await encodePicture(pixels, 'png'))).image);
    expect([...restored.data]).toEqual(Array.from(pixels.data, (v) => v - 3));
  });
  it('keeps grey grey', async () => {
    const restorer = await createFakeRestorer({ denoiser: localDenoiser });
    expect((await decodePicture((await restorer.restore(await encodePicture(paintPixels(90, 70, 1), 'png'))).image)).channels).toBe(1);
  });
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('restores a picture with EXIF orientation %i upright', async (orientation) => {
    const pixels = paintPixels(90, 70);
    const stored = await encodePicture(storeUnderOrientation(pixels, orientation), 'png', (image) => image.withMetadata({ orientation }));
    const restorer = await createFakeRestorer({ denoiser: constantDenoiser(10 / 255) });
    const result = await restorer.restore(stored);
    expect([result.width, result.height]).toEqual([90, 70]);
    expect([...(await decodePicture(result.image)).data]).toEqual(Array.from(pixels.data, (v) => v - 10));
  });
  it('restores CMYK as sRGB', async () => {
    const file = await encodePicture(paintPixels(90, 70), 'jpeg', (image) => image.toColourspace('cmyk').withIccProfile('cmyk'));
    const { report, mediaType } = await (await createFakeRestorer()).restore(file);
    expect(report.warnings).toMatchObject([{ code: 'colour-converted' }]);
    expect([mediaType, report.input.channels]).toEqual(['image/jpeg', 3]);
  });

  describe('by tiles', () => {
    const tiles = [32, 40, 64, 72, 128];
    it.each([
      [201, 150],
      [150, 201],
      [97, 333],
    ])('equals the untiled restoration, whatever the tile: %i x %i', async (width, height) => {
      const file = await encodePicture(paintPixels(width, height), 'png');
      const restorer = await createFakeRestorer({ denoiser: localDenoiser, tile: { sizePx: 512, overlapPx: 8, multiplePx: 8, receptiveFieldPx: 2 } });
      const untiled = await restorer.restore(file);
      expect(untiled.report.tiles.count).toBe(1);
      const whole = await decodePicture(untiled.image);
      for (const tile of tiles) {
        const { image, report } = await restorer.restore(file, { tile });
        expect(report.tiles.count).toBeGreaterThan(2);
        // The network reaches 4 px in two passes and hand-overs begin 4 px inside; the weights' rounding may turn a half.
        expect(largestDifference(await decodePicture(image), whole)).toBeLessThanOrEqual(1);
      }
    });
    it('needs an overlap for one pass only, for the second step reads what the first left across the tiles', async () => {
      const file = await encodePicture(paintPixels(201, 150), 'png');
      const tile = { sizePx: 512, overlapPx: 8, multiplePx: 8, receptiveFieldPx: 7 };
      const restorer = await createFakeRestorer({ denoiser: (feeds) => meanDenoiser(7, feeds), tile });
      const whole = await decodePicture((await restorer.restore(file)).image);
      for (const size of [32, 64])
        expect(largestDifference(await decodePicture((await restorer.restore(file, { tile: size })).image), whole)).toBeLessThanOrEqual(1);
    });
    it('refuses a tile that the model cannot use', async () => {
      const restorer = await createFakeRestorer();
      const file = await encodePicture(paintPixels(20, 20), 'png');
      await expect(restorer.restore(file, { tile: 60 })).rejects.toThrow("tile must be 'auto' or a multiple of 8 from 64 on for this model, got 60.");
      await expect(restorer.restore(file, { tile: 32 })).rejects.toThrow(code('invalid-option'));
    });
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    const file = await encodePicture(paintPixels(150, 97), 'png');
    const restorer = await createFakeRestorer({ denoiser: localDenoiser });
    const [a, b, c] = [await restorer.restore(file, { seed: 7 }), await restorer.restore(file, { seed: 7 }), await restorer.restore(file, { seed: 8 })];
    expect(a.image).toEqual(b.image);
    expect(a.image).not.toEqual(c.image);
  });
  it('runs as many steps as asked for, at the timesteps of the schedule', async () => {
    const asked: number[] = [];
    const restorer = await createFakeRestorer({
      denoiser: ({ degraded, timestep }) => {
        asked.push(timestep);
        return new Float32Array(degraded.data.length);
      },
    });
    const file = await encodePicture(paintPixels(20, 20), 'png');
    await restorer.restore(file);
    await restorer.restore(file, { steps: 1 });
    expect(asked).toEqual([500, 0, 500]);
  });

  describe('what is asked to go', () => {
    const seen = async (remove: readonly string[] | undefined): Promise<number[]> => {
      let prompts: number[] = [];
      const restorer = await createFakeRestorer({
        query: [0.2, 1, 0.5],
        denoiser: ({ degraded, weatherPrompts }) => {
          prompts = [...weatherPrompts.data];
          return new Float32Array(degraded.data.length);
        },
      });
      await restorer.restore(await encodePicture(paintPixels(20, 20), 'png'), { scale: 'native', ...(remove === undefined ? {} : { remove }) });
      return prompts;
    };
    it('changes the weather prompts the network sees', async () => {
      const [all, rain] = [await seen(undefined), await seen(['rain'])];
      expect(all.every((v) => v !== 0)).toBe(true);
      // Only sub-prompt 0 answers rain: its block comes first, the second place stays empty.
      expect(rain.slice(6)).toEqual([0, 0, 0, 0, 0, 0]);
      expect(rain.slice(1, 6).every((v) => v !== 0)).toBe(true);
    });
    it('is refused when the model does not know it, before anything is decoded', async () => {
      const restorer = await createFakeRestorer({
        codec: { decode: () => Promise.reject(new Error('decoded')), encode: () => Promise.reject(new Error('encoded')) },
      });
      await expect(restorer.restore(await encodePicture(paintPixels(20, 20), 'png'), { remove: ['fog'] })).rejects.toThrow(
        'remove may name rain, snow, haze, raindrop, got "fog".',
      );
    });
  });

  describe('the output', () => {
    it.each(['jpeg', 'png', 'webp', 'avif'] as const)('is of the same kind as the input: %s', async (format) => {
      const { image, mediaType, report } = await (await createFakeRestorer()).restore(await encodePicture(paintPixels(40, 30), format));
      expect([mediaType, report.output.format, report.output.bytes]).toEqual([`image/${format}`, format, image.length]);
      expect(report.warnings).toEqual([]);
    });
    it.each(['gif', 'tiff'] as const)('is a PNG for a %s, and the report says so', async (format) => {
      const { mediaType, report } = await (await createFakeRestorer()).restore(await encodePicture(paintPixels(40, 30), format));
      expect([mediaType, report.warnings[0]?.code]).toEqual(['image/png', 'format-changed']);
    });
    it('is as asked', async () => {
      const file = await encodePicture(paintPixels(200, 150), 'png');
      const restorer = await createFakeRestorer();
      const [low, high] = [
        await restorer.restore(file, { output: { format: 'jpeg', quality: 20 } }),
        await restorer.restore(file, { output: { format: 'jpeg', quality: 95 } }),
      ];
      expect(low.image.length).toBeLessThan(high.image.length / 2);
      expect(low.mediaType).toBe('image/jpeg');
    });
    it('says when a quality could not be used', async () => {
      const { report } = await (await createFakeRestorer()).restore(await encodePicture(paintPixels(40, 30), 'png'), { output: { quality: 80 } });
      expect(report.warnings).toMatchObject([{ code: 'quality-unused' }]);
    });
    it('is refused before any work when its container cannot hold the picture', async () => {
      await expect((await createFakeRestorer()).restore(await encodePicture(paintPixels(16_400, 1), 'png'), { output: { format: 'webp' } })).rejects.toThrow(
        'webp holds 16383 a side; use png.',
      );
    });
  });

  describe('bad input', () => {
    const never = { decode: () => Promise.reject(new Error('decoded')), encode: () => Promise.reject(new Error('encoded')) };
    it.each([
      ['zero bytes', new Uint8Array(), 'empty-input'],
      ['text named .jpg', new TextEncoder().encode('no picture'), 'unsupported-format'],
      ['a header that promises 30,000 x 30,000', writePngHeader(30_000, 30_000), 'too-large'],
    ])('is refused before anything is decoded: %s', async (_, file, wanted) => {
      const restorer = await createFakeRestorer({ codec: never });
      await expect(restorer.restore(file)).rejects.toThrow(code(wanted));
      await expect(restorer.inspect(file)).rejects.toThrow(code(wanted));
    });
    it('refuses a Blob by its size, before it is read', async () => {
      const restorer = await createFakeRestorer({ codec: never });
      const blob = new Blob([new Uint8Array(100)]);
      blob.arrayBuffer = () => Promise.reject(new Error('read'));
      await expect(restorer.restore(blob, { limits: { maxBytes: 99 } })).rejects.toThrow(code('too-large'));
    });
    it('refuses what is neither bytes nor a Blob', async () => {
      await expect((await createFakeRestorer()).restore('photo.jpg' as unknown as Blob)).rejects.toThrow(code('invalid-option'));
    });
    it('refuses a truncated picture', async () => {
      const file = await encodePicture(paintPixels(200, 150), 'jpeg');
      await expect((await createFakeRestorer()).restore(file.subarray(0, file.length / 2))).rejects.toThrow(code('truncated'));
    });
    it('refuses a network that answers with other dims, or with numbers that are not finite', async () => {
      const file = await encodePicture(paintPixels(20, 20), 'png');
      const restorer = await createFakeRestorer({ denoiser: constantDenoiser(Number.NaN) });
      await expect(restorer.restore(file)).rejects.toThrow(code('backend-failed'));
    });
    it('refuses a codec that swaps width and height', async () => {
      const swapped: Pixels = { width: 20, height: 31, channels: 3, data: new Uint8Array(20 * 30 * 3) };
      const codec = { decode: async () => ({ pixels: swapped, metadata: undefined, warnings: [] }), encode: never.encode };
      await expect((await createFakeRestorer({ codec })).restore(await encodePicture(paintPixels(30, 20), 'png'))).rejects.toThrow(code('dims-mismatch'));
    });
  });

  it('takes a Blob', async () => {
    const pixels = paintPixels(40, 30);
    const { image } = await (await createFakeRestorer()).restore(new Blob([await encodePicture(pixels, 'png')]));
    expect(largestDifference(await decodePicture(image), pixels)).toBe(0);
  });
  it('reports engine, weather, timings and tiles', async () => {
    const restorer = await createFakeRestorer();
    const { report } = await restorer.restore(await encodePicture(paintPixels(150, 97), 'png'), { remove: ['haze'], seed: 5, steps: 1, strength: 0.5 });
    expect(report).toMatchObject({
      backend: 'fake',
      precision: 'fp32',
      model: { name: 'fake', version: '1.2.3' },
      removed: ['haze'],
      seed: 5,
      steps: 1,
      strength: 0.5,
      tiles: { sizePx: 64, overlapPx: 16 },
    });
    expect(report.weather.map(({ weather }) => weather)).toEqual(['rain', 'snow', 'haze', 'raindrop']);
    expect(report.weather.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
    expect(report.timings.total).toBeGreaterThanOrEqual(report.timings.restore);
  });
  it('tells its progress in order: phases, model files, steps, tiles', async () => {
    const events: ProgressEvent[] = [];
    const restorer = await createFakeRestorer();
    const { report } = await restorer.restore(await encodePicture(paintPixels(100, 60), 'png'), { onProgress: (event) => events.push(event) });
    expect(events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []))).toEqual(['read', 'load', 'decode', 'condition', 'restore', 'encode']);
    expect(events.filter(({ type }) => type === 'load')).toHaveLength(5);
    const tiles = events.flatMap((event) => (event.type === 'tile' ? [event.tile] : []));
    expect(tiles).toEqual(Array.from({ length: report.tiles.count }, (_, i) => i + 1));
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(2 * report.tiles.count);
    expect(events.every((event, i) => event.elapsedMs >= (events[i - 1]?.elapsedMs ?? 0))).toBe(true);
  });
  it('tells every finished rectangle with its pixels, which together are the picture', async () => {
    const restorer = await createFakeRestorer();
    const [painted, places] = [new Uint8Array(150 * 97 * 3), new Set<string>()];
    const onProgress = (event: ProgressEvent): void => {
      if (event.type !== 'patch') return;
      places.add(`${event.x},${event.y}`);
      for (let at = 0; at < event.width * event.height; at++) {
        const to = ((event.y + Math.floor(at / event.width)) * 150 + event.x + (at % event.width)) * 3;
        painted.set(event.rgba?.subarray(at * 4, at * 4 + 3) ?? [], to);
      }
    };
    const { image, report } = await restorer.restore(await encodePicture(paintPixels(150, 97), 'png'), { patchPixels: true, onProgress });
    expect(places.size).toBe(report.tiles.count);
    expect(painted).toEqual(new Uint8Array((await decodePicture(image)).data));
  });
  it('leaves pixels out of the progress unless they are asked for', async () => {
    const patches: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent): void => void (event.type === 'patch' && patches.push(event));
    await (await createFakeRestorer()).restore(await encodePicture(paintPixels(30, 20), 'png'), { onProgress });
    expect(patches).toMatchObject([{ x: 0, y: 0, width: 30, height: 20 }]);
    expect(patches[0]).not.toHaveProperty('rgba');
  });
  it('inspects without restoring', async () => {
    const ran: string[] = [];
    const restorer = await createFakeRestorer({ onRun: (graph) => ran.push(graph) });
    const result = await restorer.inspect(await encodePicture(paintPixels(100, 60), 'png'));
    expect(result.weather[0]).toMatchObject({ weather: 'rain', presence: expect.closeTo(0.9975, 3) });
    expect(ran).toEqual(['condition']);
  });
});
