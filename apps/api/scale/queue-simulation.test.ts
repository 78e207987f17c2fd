import { describe, expect, it } from 'vitest';
import { createRandom, findFewest, percentile, simulate } from './queue-simulation.ts';

const steady = (rate: number, seconds: number): { rate: () => number; maxRate: number; seconds: number } => ({ rate: () => rate, maxRate: rate, seconds });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Exponential service times of mean 1, by their quantiles. */
const exponential = Array.from({ length: 10_000 }, (_, i) => -Math.log(1 - (i + 0.5) / 10_000));

/** Mean waiting time of M/M/c with service times of mean 1 (Erlang C). */
function erlangC(rate: number, servers: number): number {
  let [term, sum] = [1, 0];
  for (let k = 0; k < servers; k++) {
    sum += term;
    term *= rate / (k + 1);
  }
  const waiting = (term * servers) / (servers - rate);
  return waiting / (sum + waiting) / (servers - rate);
}

describe('the simulation', () => {
  // 200,000 requests: the standard error of a mean wait that is correlated at these loads stays below 5 %.
  it.each([
    [0.7, 1],
    [8, 10],
    [45, 50],
  ])('waits as long as Erlang says, at %d requests a second on %d servers', (rate, servers) => {
    const served = simulate(steady(rate, 200_000 / rate), { servers }, exponential, createRandom(1));
    const waited = mean(served.map(({ took }) => took)) - 1;
    expect(Math.abs(waited / erlangC(rate, servers) - 1)).toBeLessThan(0.1);
    expect(Math.abs(served.length / 200_000 - 1)).toBeLessThan(0.01);
  });
  it('has as many requests as a rate that changes says', () => {
    const served = simulate({ rate: (at) => (at < 50 ? 20 : 60), maxRate: 60, seconds: 100 }, { servers: 1000 }, [0.1], createRandom(2));
    const early = served.filter(({ at }) => at < 50).length;
    expect(Math.abs(early / 1000 - 1)).toBeLessThan(0.15); // three standard deviations of a Poisson count of 1,000 are 10 %
    expect(Math.abs((served.length - early) / 3000 - 1)).toBeLessThan(0.1);
  });
  it('uses a server that comes later from then on', () => {
    const served = simulate(steady(5, 100), { servers: 0, later: [10] }, [0.01], createRandom(3));
    expect(Math.min(...served.map(({ at, took }) => at + took))).toBeGreaterThanOrEqual(10);
    expect(served.filter(({ at }) => at > 20).every(({ took }) => took < 1)).toBe(true);
  });
  it('finds the fewest that are enough', () => {
    for (const fewest of [1, 2, 7, 100]) expect(findFewest((servers) => servers >= fewest)).toBe(fewest);
    expect(percentile([1, 2, 3, 4], 0.95)).toBe(4);
  });
});
