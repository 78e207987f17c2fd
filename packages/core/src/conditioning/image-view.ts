/** The whole picture -> what conditioning looks at: a small view, and a fixed grid of patches at native scale (fine streaks vanish in a small view). */
import { writePlanes } from '../image/convert.ts';
import type { Pixels } from '../image/pixels.ts';
import { averageArea } from '../image/resize.ts';
import type { PatchRule, ViewRule } from '../graph/model-spec.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** The picture by area averaging, about `areaPx` pixels. @returns [1,3,h,w], RGB in [0,1] */
export function viewImage(pixels: Pixels, rule: ViewRule): Tensor<'NCHW'> {
  return averageArea(pixels, planView(pixels, rule));
}

/** Sides of the view: near the picture's aspect ratio, multiples of `multiplePx`, at most `maxSidePx`. Halves round up. */
export function planView(
  size: { readonly height: number; readonly width: number },
  { areaPx, multiplePx, maxSidePx }: ViewRule,
): { readonly height: number; readonly width: number } {
  const scale = Math.sqrt(areaPx / (size.height * size.width));
  const scaled = (side: number): number => Math.min(maxSidePx, Math.max(multiplePx, Math.floor((side * scale) / multiplePx + 0.5) * multiplePx));
  return { height: scaled(size.height), width: scaled(size.width) };
}

/** Windows on a grid over the picture, row by row, at native scale; past the border its last pixel is repeated. @returns [grid²,3,size,size] */
export function cutPatches(pixels: Pixels, { grid, sizePx }: PatchRule): Tensor<'NCHW'> {
  const patches = new Float32Array(grid * grid * 3 * sizePx * sizePx);
  const rows = windowsAlong(pixels.height, grid, sizePx);
  const columns = windowsAlong(pixels.width, grid, sizePx);
  let at = 0;
  for (const row of rows)
    for (const column of columns) {
      writePlanes(pixels, row, column, patches.subarray(at, at + 3 * sizePx * sizePx));
      at += 3 * sizePx * sizePx;
    }
  return tensor('NCHW', [grid * grid, 3, sizePx, sizePx], patches);
}

/** Row or column indices of each window along one side. */
function windowsAlong(side: number, grid: number, sizePx: number): readonly Int32Array[] {
  return Array.from({ length: grid }, (_, j) => {
    const origin = side <= sizePx || grid === 1 ? 0 : Math.floor((j * (side - sizePx)) / (grid - 1) + 0.5);
    return Int32Array.from({ length: sizePx }, (_, k) => Math.min(side - 1, origin + k));
  });
}
