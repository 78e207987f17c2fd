/** `npm start`: builds what the API stands on and the page, if need be, and serves both, until a signal comes or npm is gone. */
import { join } from 'node:path';
import { buildQuietly, ROOT } from './build.ts';

buildQuietly('@fairweather/core');
buildQuietly('@fairweather/demo');
process.env.FAIRWEATHER_DEMO_DIR ??= join(ROOT, 'apps/demo/dist');

// npm hands a signal to its shell alone, and both end at once: without npm this process drains and ends as if the signal had reached it.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, 500);
watch.unref();

await import('../apps/api/src/main.ts');
