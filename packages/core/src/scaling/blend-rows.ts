/** A picture before and after, and a strength -> what lies between them, written over the one after. */
import type { Span } from '../tiling/tile-grid.ts';
import type { Pixels } from '../image/pixels.ts';

/** restored = degraded + strength (restored - degraded), rounded, in these rows. Strength 0 gives the samples of `degraded`. @param strength 0 to 1 */
export function blendRows(degraded: Pixels, restored: Pixels, strength: number, { start, end }: Span): void {
  const row = degraded.width * degraded.channels;
  for (let at = start * row; at < end * row; at++) {
    const before = degraded.data[at] as number;
    restored.data[at] = before + strength * ((restored.data[at] as number) - before) + 0.5; // integer arrays cut off what stands behind the point
  }
}
