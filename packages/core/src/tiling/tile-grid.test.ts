import { describe, expect, it } from 'vitest';
import { planTileGrid } from './tile-grid.ts';

const rule = { sizePx: 64, overlapPx: 16, multiplePx: 8 };

/** Every length that may go wrong, and every rule we use. */
const cases = [
  rule,
  { sizePx: 512, overlapPx: 64, multiplePx: 8 },
  { sizePx: 40, overlapPx: 8, multiplePx: 8 },
  { sizePx: 32, overlapPx: 0, multiplePx: 16 },
].flatMap((r) => [1, 7, 8, 9, 31, 63, 64, 65, 66, 95, 96, 97, 200, 511, 512, 513, 1000, 4001, 30_000].map((side) => [side, r] as const));

describe('planTileGrid', () => {
  it.each(cases)('covers %i pixels with equal windows of whole multiples: %o', (side, r) => {
    const { spans } = planTileGrid({ height: side, width: 8 }, r).rows;
    const lengths = new Set(spans.map(({ window }) => window.end - window.start));
    expect(lengths.size).toBe(1);
    for (const { window } of spans) {
      expect(window.start % r.multiplePx).toBe(0);
      expect((window.end - window.start) % r.multiplePx).toBe(0);
      expect(window.end - window.start).toBeLessThanOrEqual(Math.max(r.sizePx, r.multiplePx));
    }
    expect(spans[0]?.window.start).toBe(0);
    expect(spans.at(-1)?.window.end).toBeGreaterThanOrEqual(side);
    expect((spans.at(-1)?.window.end ?? 0) - side).toBeLessThan(r.multiplePx);
  });
  it.each(cases)('hands over between neighbours within their windows, away from the edges: %i, %o', (side, r) => {
    const { spans, rampPx } = planTileGrid({ height: side, width: 8 }, r).rows;
    expect(spans[0]?.region.start).toBe(0);
    expect(spans.at(-1)?.region.end).toBe(side);
    for (const [k, next] of spans.entries()) {
      const before = spans[k - 1];
      if (before === undefined) continue;
      expect(before.region.end - next.region.start).toBe(rampPx);
      const middle = (before.region.end + next.region.start) / 2;
      expect(before.window.end - middle).toBeGreaterThanOrEqual(r.overlapPx - 0.5);
      expect(middle - next.window.start).toBeGreaterThanOrEqual(r.overlapPx - 0.5);
    }
  });
  it('takes one window where one is enough', () => {
    const { rows, columns } = planTileGrid({ height: 64, width: 65 }, rule);
    expect(rows.spans).toHaveLength(1);
    expect(columns.spans).toHaveLength(2);
  });
  it('never lets two hand-overs meet', () => {
    for (let side = 1; side < 2000; side++) {
      const { spans, rampPx } = planTileGrid({ height: side, width: 8 }, rule).rows;
      for (const { region } of spans.slice(1, -1)) expect(region.end - region.start).toBeGreaterThanOrEqual(2 * rampPx);
    }
  });
});
