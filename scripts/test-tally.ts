/** Reports of test runners -> how many tests passed and failed. A run that failed without a failing test counts as one failure. */

export type Tally = { readonly passed: number; readonly failed: number };

/** @param report what vitest's `json` reporter wrote, if it came that far */
export function readVitest(report: string | undefined, ok: boolean): Tally {
  if (report === undefined) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests } = JSON.parse(report) as { numPassedTests: number; numFailedTests: number }; // vitest's format
  return atLeastOneFailure({ passed: numPassedTests, failed: numFailedTests }, ok);
}

/** @param report what pytest's `--junitxml` wrote, if it came that far */
export function readPytest(report: string | undefined, ok: boolean): Tally {
  const suite = report?.match(/<testsuite [^>]*>/)?.[0];
  if (suite === undefined) return { passed: 0, failed: 1 };
  const count = (name: string): number => Number(suite.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = count('errors') + count('failures');
  return atLeastOneFailure({ passed: count('tests') - failed - count('skipped'), failed }, ok);
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), { passed: 0, failed: 0 });
}

function atLeastOneFailure({ passed, failed }: Tally, ok: boolean): Tally {
  return { passed, failed: ok ? failed : Math.max(1, failed) };
}
