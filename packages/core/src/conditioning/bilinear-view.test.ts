import { describe, expect, it } from 'vitest';
import { paintPixels } from '../../testing/pictures.ts';
import { expectClose } from '../../testing/expect-close.ts';
import { resizeBilinear, rowsOfPixels } from '../image/resize-bilinear.ts';
import { planBilinearView, viewBilinear } from './bilinear-view.ts';

const rule = { kind: 'bilinear', areaPx: 720 * 720, multiplePx: 14, antialias: false } as const;

describe('planBilinearView', () => {
  it.each([
    [256, 256, 252, 252],
    [35, 49, 28, 56], // halves to even
    [1, 7, 14, 14], // at least one patch
    [480, 720, 476, 714],
    [1440, 360, 1442, 364], // as large as the rule lets it be
    [1440, 1440, 714, 714], // 720 is 51.4 patches
    [4000, 6000, 588, 882],
  ])('%i x %i becomes %i x %i', (height, width, viewHeight, viewWidth) => {
    expect(planBilinearView({ height, width }, rule)).toEqual({ height: viewHeight, width: viewWidth });
  });
});

describe('viewBilinear', () => {
  it('is antialiased beyond the area that the rule lets be, and as the rule says within it', () => {
    const rows = rowsOfPixels(paintPixels(60, 40));
    const size = { height: 14, width: 28 };
    const [plain, smooth] = [false, true].map((antialias) => resizeBilinear(rows, size, { antialias }).data) as [Float32Array, Float32Array];
    const beyond = viewBilinear(rows, { ...rule, areaPx: 14 * 28 });
    expect(beyond.dims).toEqual([1, 3, 14, 28]);
    expectClose(beyond.data, smooth, { tolerance: 0, why: 'the same function' });
    expect(() => expectClose(beyond.data, plain, { tolerance: 0.01, why: 'they must differ' })).toThrow();
    const within = rowsOfPixels(paintPixels(30, 20));
    const sizeWithin = planBilinearView(within, rule);
    expectClose(viewBilinear(within, rule).data, resizeBilinear(within, sizeWithin, { antialias: false }).data, { tolerance: 0, why: 'the same function' });
  });
});
