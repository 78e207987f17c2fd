/** The whole picture -> the view of a model with `view.kind` "bilinear": sides that are multiples of the depth encoder's patch. */
import type { BilinearViewRule } from '../graph/model-spec.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { resizeBilinear, type RowSource } from '../image/resize-bilinear.ts';

/** @returns [1,3,h,w], RGB in [0,1]; a picture beyond `areaPx` is antialiased whatever the rule says, for it shrinks by more */
export function viewBilinear(picture: RowSource, rule: BilinearViewRule): Tensor<'NCHW'> {
  return resizeBilinear(picture, planBilinearView(picture, rule), { antialias: rule.antialias || picture.height * picture.width > rule.areaPx });
}

/** Each side to the nearest multiple of `multiplePx`, halves to even, at least one of it; both sides first by one factor where the area is beyond `areaPx`. */
export function planBilinearView(
  { height, width }: { readonly height: number; readonly width: number },
  { areaPx, multiplePx }: Pick<BilinearViewRule, 'areaPx' | 'multiplePx'>,
): { readonly height: number; readonly width: number } {
  const scale = Math.min(1, Math.sqrt(areaPx / (height * width)));
  const toMultiple = (side: number): number => Math.max(1, roundHalfToEven((side * scale) / multiplePx)) * multiplePx;
  return { height: toMultiple(height), width: toMultiple(width) };
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
