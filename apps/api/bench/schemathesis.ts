/**
 * Schemathesis against `/openapi.json` of a real server: generated requests, right and wrong ones; answers must be as described and never a 5xx.
 * Installs it once, with the versions of `schemathesis.txt`, below `.cache`. Ends with its exit status.
 *
 *     npm run schemathesis -w @fairweather/api
 *     npm run schemathesis -w @fairweather/api -- --seed 7 -n 200     options go to `schemathesis run`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { ROUTES } from '@fairweather/core/contract';
import { preparePythonTool } from '../testing/python-tool.ts';
import { startTestServer } from '../testing/test-server.ts';

const bin = preparePythonTool('schemathesis', new URL('schemathesis.txt', import.meta.url));
const server = await startTestServer({ FAIRWEATHER_BODY_TIMEOUT_MS: '3000', FAIRWEATHER_QUEUE: '32', FAIRWEATHER_QUEUE_PER_CLIENT: '32' });
await server.ready;
const words = [
  'run',
  `${server.url}${ROUTES.openapi}`,
  '--seed',
  '1',
  '-n',
  '25',
  '--phases',
  'examples,coverage,fuzzing',
  '--continue-on-failure',
  '--no-color',
];
// A generated body is no picture, whatever the description of a file can say: that it is refused is right.
words.push('--exclude-checks', 'positive_data_acceptance', ...process.argv.slice(2));
const [code] = (await once(spawn(bin('schemathesis'), words, { stdio: 'inherit', cwd: dirname(bin('schemathesis')) }), 'exit')) as [number | null];
const { crashes } = server.engine.status();
console.log(`inference processes lost: ${crashes}`);
await server.close();
process.exitCode = crashes === 0 ? (code ?? 1) : 1;
