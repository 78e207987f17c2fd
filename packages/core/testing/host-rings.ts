/** Rings of the port `openChain` in memory, by the formulas as they stand there. What was never written is NaN, so that reading it shows. */
import type { ChainPlan, RingRegion, RingSize, RingWindow } from '../src/graph/graph.ts';

export type HostRings = {
  /** @returns a window of a ring, [C,H,W] */
  cut(from: RingWindow): Float32Array<ArrayBuffer>;
  blend(to: RingRegion, output: Float32Array, state: Float32Array): void;
};

/** @param dims of the tiles, [1,C,H,W] */
export function openHostRings([, channels, height, width]: ChainPlan['dims'], sizes: readonly RingSize[]): HostRings {
  const rings = sizes.map(({ rows, columns }) => ({ rows, columns, planes: new Float32Array(channels * rows * columns).fill(Number.NaN) }));
  type Ring = (typeof rings)[number];

  const at = ({ rows, columns }: Ring, c: number, y: number, x: number): number => {
    if (x < 0 || x >= columns) throw new RangeError(`A ring of ${columns} columns has no column ${x}.`);
    return (c * rows + (y % rows)) * columns + x;
  };
  return {
    cut({ ring: number, top, left }) {
      const ring = rings[number] as Ring; // the plan has it
      return Float32Array.from({ length: channels * height * width }, (_, i) => {
        const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
        return ring.planes[at(ring, c, top + y, left + x)] as number;
      });
    },
    blend({ ring: number, top, left, tileTop, tileLeft, handOver, update, ...region }, output, state) {
      const ring = rings[number] as Ring; // the plan has it
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < region.height; y++)
          for (let x = 0; x < region.width; x++) {
            const i = (c * height + tileTop + y) * width + tileLeft + x;
            const x0 = output[i] as number;
            const next =
              update.stateScale * (state[i] as number) + update.outputScale * x0 + update.clippedScale * Math.max(-update.clip, Math.min(update.clip, x0));
            const weight = weightOf(y, region.height, handOver.top, handOver.bottom) * weightOf(x, region.width, handOver.left, handOver.right);
            const place = at(ring, c, top + y, left + x);
            ring.planes[place] = (y < handOver.top || x < handOver.left ? (ring.planes[place] as number) : 0) + weight * next;
          }
    },
  };
}

function weightOf(k: number, length: number, rising: number, falling: number): number {
  if (k < rising) return (k + 0.5) / rising;
  return k >= length - falling ? 1 - (k - (length - falling) + 0.5) / falling : 1;
}
