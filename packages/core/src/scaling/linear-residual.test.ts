import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { paintPixels } from '../../testing/pictures.ts';
import type { Pixels } from '../image/pixels.ts';
import { fitLinearResidual, REACH_PX } from './linear-residual.ts';

/** Strong texture, so that no neighbourhood is even. */
function paintTexture(width: number, height: number): Pixels {
  const data = Uint16Array.from({ length: width * height * 3 }, (_, i) => 8192 + 49152 * ((((i * 2654435761) >>> 0) % 1000) / 1000));
  return { width, height, channels: 3, data };
}

function change(pixels: Pixels, to: (sample: number, i: number) => number): Pixels {
  return { ...pixels, data: Uint16Array.from(pixels.data, (v, i) => Math.round(to(v, i))) };
}

const whole = ({ height }: Pixels): { start: number; end: number } => ({ start: 0, end: height });

describe('fitLinearResidual', () => {
  it('finds the line where the residual is one', () => {
    const degraded = paintTexture(40, 30);
    const { slopes, offsets } = fitLinearResidual(
      degraded,
      change(degraded, (v) => 0.75 * v + 3277),
      whole(degraded),
      false,
    );
    const why = 'the slope is drawn towards 0 by EVEN_VARIANCE against a variance of about 0.047: 0.2 %';
    expectClose(slopes, new Float32Array(slopes.length).fill(0.25), { tolerance: 0.001, why });
    expectClose(offsets, new Float32Array(slopes.length).fill(-3277 / 65535), { tolerance: 0.0005, why });
  });
  it('gives nothing where nothing was taken away', () => {
    const degraded = paintTexture(23, 17);
    for (const remainder of [false, true]) {
      const { slopes, offsets } = fitLinearResidual(degraded, degraded, whole(degraded), remainder);
      expect([...slopes, ...offsets].every((v) => v === 0)).toBe(true);
    }
  });
  it('keeps the residual whole at every pixel with the remainder', () => {
    const degraded = paintTexture(29, 31);
    const restored = change(degraded, (v, i) => (i % 7 === 0 ? v * 0.3 : v));
    const { slopes, offsets } = fitLinearResidual(degraded, restored, whole(degraded), true);
    const [wanted, got]: [number[], number[]] = [[], []];
    for (let y = 0; y < 31; y++)
      for (let x = 0; x < 29; x++)
        for (let c = 0; c < 3; c++) {
          const sample = (y * 29 + x) * 3 + c;
          const at = (y * 3 + c) * 29 + x;
          wanted.push(((degraded.data[sample] as number) - (restored.data[sample] as number)) / 65535);
          got.push((slopes[at] as number) * ((degraded.data[sample] as number) / 65535) + (offsets[at] as number));
        }
    expectClose(Float32Array.from(got), wanted, { tolerance: 1e-6, why: 'float32 roundings of numbers up to 1' });
  });
  it.each([false, true])('gives the same numbers for a band as for the whole picture, remainder %s', (remainder) => {
    const degraded = paintTexture(21, 64);
    const restored = change(degraded, (v, i) => v * (0.5 + (i % 5) / 10));
    const all = fitLinearResidual(degraded, restored, whole(degraded), remainder);
    for (const rows of [
      { start: 0, end: 9 },
      { start: 30, end: 31 },
      { start: 40, end: 64 },
    ]) {
      const band = fitLinearResidual(degraded, restored, rows, remainder);
      expect(band.slopes).toEqual(all.slopes.subarray(rows.start * 63, rows.end * 63));
      expect(band.offsets).toEqual(all.offsets.subarray(rows.start * 63, rows.end * 63));
    }
  });
  it.each([
    [1, 1],
    [1, 50],
    [50, 1],
    [REACH_PX, REACH_PX + 1],
  ])('works on %i x %i pixels, grey too', (width, height) => {
    const degraded = paintPixels(width, height, 1, 16);
    const { slopes, offsets } = fitLinearResidual(
      degraded,
      change(degraded, (v) => v - 6554),
      whole(degraded),
      false,
    );
    expectClose(slopes, new Float32Array(width * height), { tolerance: 1e-6, why: 'a constant has no slope' });
    expectClose(offsets, new Float32Array(width * height).fill(6554 / 65535), { tolerance: 1e-6, why: 'float32 roundings' });
  });
});
