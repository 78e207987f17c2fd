import { expect, it } from 'vitest';
import { runManyJobs } from '../../testing/many-jobs.ts';

/** What `npm run jobs` does with 10,000. */
it('many jobs of two clients on three servers: none is lost, none is done twice, and the clients take turns', async () => {
  const count = 120;
  const { byServer, notDone, withResult, begunTwice, furthestAhead } = await runManyJobs(count, 3);
  expect({ notDone, withResult, begunTwice }).toEqual({ notDone: 0, withResult: count, begunTwice: 0 });
  expect(byServer.filter((begun) => begun > 0).length).toBeGreaterThan(1);
  expect(furthestAhead).toBeLessThanOrEqual(6); // as many as the servers have in hand at once: two each
});
