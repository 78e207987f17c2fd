/** The size of a picture -> the sizes its haze is looked at in. */
import type { SizePx } from '../report.ts';

/**
 * Shorter sides in pixels. Whether an even place is sky or fog is told by what lies far from it, so the network is shown small pictures, which it sees
 * whole; the larger ones know better where a thing ends. Their mean is better than each (docs/working-size.md).
 */
export const HAZE_SHORT_SIDES_PX: readonly number[] = [96, 192, 384];
/** Panoramas are looked at in sizes at most so many times as long as high, so that they take no more memory than others. */
const LONGEST = 4;

/** The smallest first; the own size stands once for all that are not smaller. */
export function planHazeSizes({ width, height }: SizePx): readonly SizePx[] {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const factors = HAZE_SHORT_SIDES_PX.map((side) => Math.min(side / short, (LONGEST * side) / long));
  const smaller = factors.filter((factor) => factor < 1);
  return [...smaller, ...(smaller.length < factors.length ? [1] : [])].map((factor) => ({
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  }));
}
