/** A grid -> memory for what the network takes and gives, used by tile after tile. */
import type { TensorMemory } from '../graph/graph.ts';
import type { TileGrid } from '../tiling/tile-grid.ts';
import { windowOf } from './tile-sampler.ts';

/** Room for one tile, 3*H*W numbers each: all tiles of a grid have the same size. */
export type TileMemory = {
  readonly degraded: Float32Array;
  readonly noisyResidual: Float32Array;
  /** None where the runtime takes memory of its own for what it gives. */
  readonly predicted: Float32Array | undefined;
};

export type TileMemories = {
  /** Runs take turns with two of them: one is with the network while the other is read, then filled. */
  ofRun(index: number): TileMemory;
  /** Nothing may read or write them any more. */
  giveBack(): void;
};

/** @param memory that of the graph. @default new memory for the feeds, and none for the prediction */
export function takeTileMemories(grid: TileGrid, memory?: TensorMemory): TileMemories {
  const { y, x } = windowOf(grid, { row: 0, column: 0 });
  const length = 3 * (y.end - y.start) * (x.end - x.start);
  const take = (): Float32Array => memory?.take(length) ?? new Float32Array(length);
  const takeTile = (): TileMemory => ({ degraded: take(), noisyResidual: take(), predicted: memory?.take(length) });
  const [even, odd] = [takeTile(), takeTile()];
  return {
    ofRun: (index) => (index % 2 === 0 ? even : odd),
    giveBack: () => memory?.giveBack([even, odd].flatMap((tile) => Object.values(tile).filter((piece) => piece !== undefined))),
  };
}
