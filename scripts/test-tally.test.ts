import { describe, expect, it } from 'vitest';
import { addTallies, readPytest, readVitest } from './test-tally.ts';

describe('counting tests', () => {
  it("reads vitest's report", () => {
    expect(readVitest('{"numPassedTests":7,"numFailedTests":2}', false)).toEqual({ passed: 7, failed: 2 });
  });

  it("reads pytest's report; what was skipped has not passed", () => {
    const report = '<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1">';
    expect(readPytest(report, false)).toEqual({ passed: 4, failed: 3 });
  });

  it('counts a run that broke down as a failure, with a report and without one', () => {
    expect(readVitest('{"numPassedTests":7,"numFailedTests":0}', false)).toEqual({ passed: 7, failed: 1 });
    expect(readVitest(undefined, false)).toEqual({ passed: 0, failed: 1 });
    expect(readPytest(undefined, true)).toEqual({ passed: 0, failed: 1 });
  });

  it('adds up', () => {
    expect(
      addTallies([
        { passed: 1, failed: 2 },
        { passed: 3, failed: 4 },
      ]),
    ).toEqual({ passed: 4, failed: 6 });
  });
});
