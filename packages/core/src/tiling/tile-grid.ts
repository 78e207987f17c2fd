/** The sides of a picture -> windows that cover it, all of one size, overlapping, with the borders where one hands over to the next. */
/** All in pixels; see `planTileGrid`. */
export type TileSides = { readonly sizePx: number; readonly overlapPx: number; readonly multiplePx: number };

/** A half-open range of rows or columns. */
export type Span = { readonly start: number; readonly end: number };

/** One tile along one side. */
export type TileSpan = {
  /** What the network sees, a multiple of `multiplePx` long; the last one may reach past the picture. */
  readonly window: Span;
  /** What the tile gives, within the picture. Neighbours share `rampPx` of it. */
  readonly region: Span;
};

/** How one side is cut. */
export type TileAxis = {
  readonly spans: readonly TileSpan[];
  /** Length of the hand-over between two neighbours; 0 with one tile. */
  readonly rampPx: number;
};

/** Tiles are visited row by row, from the left. */
export type TileGrid = { readonly rows: TileAxis; readonly columns: TileAxis; readonly height: number; readonly width: number };

/**
 * Windows of at most `sizePx` that start at multiples of `multiplePx`. Neighbours hand over in the middle of what they share, across a quarter of
 * `overlapPx`: what a tile gives lies at least 7/8 `overlapPx` away from its window's inner edges.
 * @param sizePx    longest side of a window, a multiple of `multiplePx`, at least 4 times `overlapPx`
 * @param overlapPx how far a window reaches past the middle of a hand-over, on each inner side: the receptive field of one pass
 */
export function planTileGrid(size: { readonly height: number; readonly width: number }, rule: TileSides): TileGrid {
  return { rows: planAxis(size.height, rule), columns: planAxis(size.width, rule), height: size.height, width: size.width };
}

/** How much of a side no later tile can change once the first `count` have been blended. */
export function finishedPx({ spans, rampPx }: TileAxis, count: number): number {
  const last = spans[count - 1];
  if (last === undefined) return 0;
  return count === spans.length ? last.region.end : last.region.end - rampPx;
}

function planAxis(side: number, { sizePx, overlapPx, multiplePx }: TileSides): TileAxis {
  const roundUp = (value: number): number => Math.ceil(value / multiplePx) * multiplePx;
  if (side <= sizePx) return { spans: [{ window: { start: 0, end: roundUp(side) }, region: { start: 0, end: side } }], rampPx: 0 };

  // As few windows as will do, then as short as will do, spread evenly: the work is even and no tile is a sliver.
  const count = Math.ceil((side - 2 * overlapPx) / (sizePx - 2 * overlapPx));
  const length = roundUp((side + 2 * overlapPx * (count - 1)) / count);
  const lastStart = Math.ceil((side - length) / multiplePx); // in multiples
  const starts = Array.from({ length: count }, (_, k) => Math.floor((k * lastStart) / (count - 1)) * multiplePx);
  // Two neighbours share at least 2 overlapPx; they hand over in the middle.
  const borders = starts.slice(1).map((start, k) => Math.floor((start + (starts[k] as number) + length) / 2));
  const gaps = borders.slice(1).map((border, k) => border - (borders[k] as number));
  const rampPx = Math.min(Math.floor(overlapPx / 4), ...gaps);
  const before = Math.floor(rampPx / 2);
  const spans = starts.map((start, k) => ({
    window: { start, end: start + length },
    region: { start: k === 0 ? 0 : (borders[k - 1] as number) - before, end: k === count - 1 ? side : (borders[k] as number) - before + rampPx },
  }));
  return { spans, rampPx };
}
