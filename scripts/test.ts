/** `npm test`: TypeScript, a real browser and the Python recipe; installs what they need and says so. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQuietly, ROOT } from './build.ts';
import { findChromium, installChromium } from './find-chromium.ts';
import { findRedis, installRedis } from './find-redis.ts';
import { preparePython } from './python-environment.ts';
import { addTallies, readPytest, readVitest, type Tally } from './test-tally.ts';

const inCi = ['true', '1'].includes(process.env.CI ?? '');
/** Left out for want of a tool: an error in CI. */
const leftOut: string[] = [];
/** Left out because its data cannot be shipped. */
const notHere: string[] = [];
const REFERENCE = '../shared/fixtures/t3';
const reports = mkdtempSync(join(tmpdir(), 'fairweather-test-'));
try {
  say(`Node ${process.version}; building`);
  buildQuietly();
  const chromium = prepareChromium();
  const redis = prepareRedis();
  const python = preparePython(say);
  if (python === undefined)
    leftOut.push('the Python tests of models/recipe, those of t3 and those of jobs on Redis and S3: there is no Python 3.11 or newer (python3); install one');
  const tally = addTallies([testTypeScript(chromium, redis, python), testPython(python)]);
  for (const what of notHere) say(`NOT HERE: ${what}`);
  for (const what of leftOut) say(`LEFT OUT${inCi ? ', an error with CI=true' : ''}: ${what}`);
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
  process.exitCode = tally.failed === 0 && tally.passed > 0 && !(inCi && leftOut.length > 0) ? 0 : 1;
} finally {
  rmSync(reports, { recursive: true });
}

function prepareChromium(): string | undefined {
  const chromium = findChromium() ?? installChromium(say);
  if (chromium === undefined)
    leftOut.push('the browser tests: no Chromium or Chrome found, and none could be installed; install one, or name one with CHROMIUM_PATH');
  return chromium;
}

/** The consumer tests install bundlers and runtimes as a stranger would. */
function reachesRegistry(): boolean {
  const { status } = spawnSync('npm', ['view', '--fetch-retries=0', 'esbuild', 'version'], { cwd: ROOT, stdio: 'ignore', shell: process.platform === 'win32' });
  if (status !== 0) leftOut.push('the consumer tests: they install packages of the npm registry, which cannot be reached');
  return status === 0;
}

function prepareRedis(): string | undefined {
  const redis = findRedis() ?? installRedis(say);
  if (redis === undefined)
    leftOut.push(
      "the tests of jobs on Redis and S3: no redis-server found, and none could be installed; install Debian's package, or name one with REDIS_SERVER_PATH",
    );
  return redis;
}

function testTypeScript(chromium: string | undefined, redis: string | undefined, python: string | undefined): Tally {
  say(chromium === undefined ? 'TypeScript tests' : `TypeScript tests; browser tests in ${chromium}`);
  const report = join(reports, 'vitest.json');
  const withoutT3 = !hasReference() || python === undefined;
  const excluded = [
    ...(chromium === undefined ? ['browser', 't3-browser', 'sdk-browser', 'consumers', 'demo-browser'] : []),
    ...(reachesRegistry() ? [] : ['consumers']),
    ...(redis === undefined || python === undefined ? ['services'] : []),
    ...(withoutT3 ? ['t3', 't3-browser'] : []),
  ];
  if (!hasReference())
    notHere.push(`the tests of t3 in packages/core: they compare with outputs of the paper authors' code, which has no licence to be shipped (${REFERENCE})`);
  const projects = [...new Set(excluded)].flatMap((project) => ['--project', `!${project}`]);
  const env = {
    ...process.env,
    ...(chromium === undefined ? {} : { CHROMIUM_PATH: chromium }),
    ...(redis === undefined ? {} : { REDIS_SERVER_PATH: redis }),
  };
  const { status } = spawnSync('vitest', ['run', ...projects, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
    shell: process.platform === 'win32',
  });
  return readVitest(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status === 0);
}

function testPython(python: string | undefined): Tally {
  if (python === undefined) return { passed: 0, failed: 0 };
  say('Python tests');
  const report = join(reports, 'pytest.xml');
  const ignored = hasReference() ? [] : listReferenceTests();
  if (ignored.length > 0)
    notHere.push(
      `${ignored.join(', ')} of models/recipe: they compare with outputs of the paper authors' code, which has no licence to be shipped (${REFERENCE})`,
    );
  const { status } = spawnSync(python, ['-m', 'pytest', '-q', `--junitxml=${report}`, ...ignored.map((file) => `--ignore=tests/${file}`), 'tests'], {
    cwd: join(ROOT, 'models/recipe'),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return readPytest(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status === 0);
}

function hasReference(): boolean {
  return existsSync(join(ROOT, REFERENCE));
}

/** Test files of the recipe that need the reference outputs. */
function listReferenceTests(): readonly string[] {
  const tests = join(ROOT, 'models/recipe/tests');
  return readdirSync(tests).filter((file) => file.startsWith('test_') && /\b(stand_in_t3|reference_t3)\b/.test(readFileSync(join(tests, file), 'utf8')));
}

function say(sentence: string): void {
  console.log(`\n== ${sentence}`);
}
