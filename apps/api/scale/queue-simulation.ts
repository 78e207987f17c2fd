/** Arrivals, service times and a number of servers -> how long requests take; requests are served in the order they come. All times in seconds. */

export type Load = {
  /** Requests a second, at a time since the start. */
  readonly rate: (at: number) => number;
  /** The highest of these. */
  readonly maxRate: number;
  readonly seconds: number;
};

export type Fleet = {
  /** Servers that are there from the start. */
  readonly servers: number;
  /** Servers that come later, each at its time. */
  readonly later?: readonly number[];
};

/** Of one request: when it came, and how long until its answer. */
export type Served = { readonly at: number; readonly took: number };

/**
 * A queue with several servers and arrivals at random (Poisson, thinned where the rate changes: Lewis and Shedler 1979).
 * @param serviceTimes measured ones; each request takes one of them at random
 * @param random numbers from 0 to 1
 */
export function simulate(load: Load, { servers, later = [] }: Fleet, serviceTimes: readonly number[], random: () => number): readonly Served[] {
  // Of each server, when it is free next: the earliest on top.
  const free = new Float64Array([...Array.from({ length: servers }, () => 0), ...later]).sort();
  const served: Served[] = [];
  for (let at = next(0); at < load.seconds; at = next(at)) {
    if (random() * load.maxRate > load.rate(at)) continue;
    const took = serviceTimes[Math.floor(random() * serviceTimes.length)] ?? 0;
    const end = Math.max(at, free[0] ?? 0) + took;
    served.push({ at, took: end - at });
    replaceTop(free, end);
  }
  return served;

  function next(at: number): number {
    return at - Math.log(1 - random()) / load.maxRate;
  }
}

/** @param share 0.95 for p95 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** The fewest servers of which `fits` says that they are enough; more are enough too. */
export function findFewest(fits: (servers: number) => boolean, atLeast = 1): number {
  let high = Math.max(1, atLeast);
  while (!fits(high)) high *= 2;
  let low = Math.max(0, Math.floor(high / 2));
  if (high === Math.max(1, atLeast)) low = high - 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** A heap with a new value in place of its smallest one. */
function replaceTop(heap: Float64Array, value: number): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const child = left + 1 < heap.length && at64(heap, left + 1) < at64(heap, left) ? left + 1 : left;
    if (at64(heap, child) >= value) break;
    heap[at] = at64(heap, child);
    at = child;
  }
  heap[at] = value;
}

/** Within the array, as its caller has checked. */
function at64(values: Float64Array, index: number): number {
  return values[index] as number;
}

/** Tommy Ettinger's mulberry32: the same seed gives the same numbers. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
