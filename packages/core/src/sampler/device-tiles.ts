/** A grid, a plan of steps and a graph that can leave its output on its device -> the runs of a picture, of which only the last step's come back. */
import type { ChainPlan, Feeds, Graph, RingRegion, RingWindow, StateUpdate } from '../graph/graph.ts';
import { checkShape } from '../graph/run-graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { TileGrid, TileSpan } from '../tiling/tile-grid.ts';
import { ddimScales, type DdimStep, type TimedStep } from './ddim.ts';
import { ringLength } from './residual-rows.ts';
import type { TileRun } from './tile-runs.ts';

export type DeviceTiles = {
  /**
   * Runs follow one another in the order of `planTileRuns`; each is done when this resolves.
   * @param noise x_T of the tile, in the first step; later steps read what is on the device
   * @returns x̂_0 of the last step, not clipped, to be looked at for numbers that are not finite by who reads it; undefined of earlier ones, whose DDIM step is done and blended on the device
   * @throws RestoreError `backend-failed`
   */
  predictResidual(run: TileRun, degraded: Tensor<'NCHW'>, noise: Tensor<'NCHW'> | undefined): Promise<Tensor<'NCHW'> | undefined>;
  /** Waits for the run that is under way and frees what is on the device. A second call does nothing. */
  dispose(): Promise<void>;
};

/**
 * What the rows of `createResidualRows` are in memory, rings are on the device: between two steps 12 bytes for each pixel of `ringLength` rows, hand-overs
 * included, which is about two rows of tiles, whatever the height of the picture.
 * @param prompts feeds that are the same for all tiles and steps
 * @returns undefined where the device has no room
 */
export async function openDeviceTiles(
  graph: Pick<Graph, 'outputNames'> & Required<Pick<Graph, 'openChain'>>,
  prompts: Feeds,
  grid: TileGrid,
  steps: readonly TimedStep[],
): Promise<DeviceTiles | undefined> {
  const dims = tileDims(grid);
  const ring = { rows: ringLength(grid, grid.rows.rampPx), columns: grid.width };
  const plan: ChainPlan = {
    state: 'noisy_residual',
    output: 'residual',
    dims,
    feeds: prompts,
    changing: { degraded: dims, timestep: [1] },
    rings: steps.slice(1).map(() => ring),
  };
  const chain = await graph.openChain(plan);
  if (chain === undefined) return undefined;

  return {
    async predictResidual(run, degraded, noise) {
      const step = steps[run.step] as TimedStep; // runs are planned for these steps
      const feeds: Feeds = {
        degraded,
        timestep: tensor('N', [1], Float32Array.of(step.timestep)),
        ...(run.step === 0 && noise ? { noisy_residual: noise } : {}),
      };
      const from = run.step === 0 ? undefined : windowIn(run.step - 1, grid, run);
      if (run.step < steps.length - 1) {
        await chain.runInto(feeds, from, { ...regionIn(run.step, grid, run), update: updateOf(step) });
        return undefined;
      }
      return checkShape(graph, plan.output, (await chain.run(feeds, from))[plan.output], 'NCHW', dims);
    },
    dispose: () => chain.dispose(),
  };
}

type Place = Pick<TileRun, 'row' | 'column'>;

function spansAt({ rows, columns }: TileGrid, { row, column }: Place): readonly [TileSpan, TileSpan] {
  return [rows.spans[row], columns.spans[column]] as [TileSpan, TileSpan]; // runs stay within the grid
}

function tileDims(grid: TileGrid): ChainPlan['dims'] {
  const [{ window: y }, { window: x }] = spansAt(grid, { row: 0, column: 0 }); // all tiles of a grid have the same size
  return [1, 3, y.end - y.start, x.end - x.start];
}

function windowIn(ring: number, grid: TileGrid, place: Place): RingWindow {
  const [y, x] = spansAt(grid, place);
  return { ring, top: y.window.start, left: x.window.start };
}

/** Weights are those of `createResidualBlender`. */
function regionIn(ring: number, grid: TileGrid, place: Place): Omit<RingRegion, 'update'> {
  const [y, x] = spansAt(grid, place);
  const { rows, columns } = grid;
  return {
    ring,
    top: y.region.start,
    left: x.region.start,
    height: y.region.end - y.region.start,
    width: x.region.end - x.region.start,
    tileTop: y.region.start - y.window.start,
    tileLeft: x.region.start - x.window.start,
    handOver: {
      top: place.row > 0 ? rows.rampPx : 0,
      left: place.column > 0 ? columns.rampPx : 0,
      bottom: place.row < rows.spans.length - 1 ? rows.rampPx : 0,
      right: place.column < columns.spans.length - 1 ? columns.rampPx : 0,
    },
  };
}

function updateOf(step: DdimStep): StateUpdate {
  const { signalScale, noiseScale, predictedScale } = ddimScales(step);
  return { stateScale: noiseScale, outputScale: -predictedScale, clippedScale: signalScale, clip: step.clip };
}
