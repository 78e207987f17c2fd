/** Two lists of numbers and a tolerance -> nothing, or an error that says where they part. */

/** Shapes what is compared: same length always; every difference at most `tolerance`. */
export type Closeness = {
  /** Largest allowed absolute difference. */
  readonly tolerance: number;
  /** Why the tolerance is what it is; stands in the message. */
  readonly why: string;
};

/**
 * Compares two lists number by number.
 * @throws Error naming the first place that differs most, when lengths differ, any difference exceeds the tolerance, or a number is not finite
 */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, { tolerance, why }: Closeness): void {
  if (!(tolerance >= 0)) throw new Error(`The tolerance must be a number from 0 on, got ${tolerance}.`);
  if (actual.length !== expected.length) throw new Error(`Expected ${expected.length} numbers, got ${actual.length}.`);
  if (expected.length === 0) throw new Error('Expected numbers to compare, got none.');
  let worst = -1;
  let place = -1;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) {
      // also true for NaN, which then stays
      worst = difference;
      place = i;
      if (Number.isNaN(difference)) break;
    }
  }
  if (!(worst <= tolerance))
    throw new Error(`At ${place} of ${expected.length}: expected ${expected[place]} within ${tolerance} (${why}), got ${actual[place]}, off by ${worst}.`);
}
