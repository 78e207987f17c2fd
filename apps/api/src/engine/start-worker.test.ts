/** Real inference processes: what a self-test refuses, and what becomes of one that does not answer an abort. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { paintPicture } from '../../testing/test-server.ts';
import { psnrDb, SELF_TEST_MIN_DB } from './self-test.ts';
import { startInferenceWorker } from './start-worker.ts';

const models = fileURLToPath(new URL('../../../../models', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairweather-models-'));
  await cp(join(models, 'manifest.json'), join(folder, 'manifest.json'));
  await symlink(join(models, 'weights'), join(folder, 'weights'));
});
afterAll(() => rm(folder, { recursive: true }));
const start = (options?: { readonly abortGraceMs: number }, modelsDir?: string): ReturnType<typeof startInferenceWorker> =>
  startInferenceWorker({ backends: ['cpu'], threads: 1, modelsDir }, options);

describe('the self-test', () => {
  it('measures decibels', () => {
    const a = Uint8Array.of(10, 20, 30);
    expect(psnrDb(a, a)).toBe(Number.POSITIVE_INFINITY);
    expect(psnrDb(a, Uint8Array.of(11, 21, 31))).toBeCloseTo(48.13, 2); // 20 log10(255)
    expect(psnrDb(a, Uint8Array.of(10, 20))).toBe(0);
  });
  it('refuses a worker without fixtures to hold it against', async () => {
    await expect(start(undefined, folder)).rejects.toThrow(/golden\.json/);
  });
  it('refuses a worker that computes something else than PyTorch', async () => {
    await cp(join(models, 'fixtures'), join(folder, 'fixtures'), { recursive: true });
    const path = join(folder, 'fixtures/nano/golden.json');
    const golden = JSON.parse(await readFile(path, 'utf8')) as Record<string, object>;
    // As if the degraded picture were the right answer: a network that does nothing would pass, ours must not.
    await writeFile(path, JSON.stringify({ ...golden, 'restoration.restored': golden['picture.degraded'] }));
    await expect(start(undefined, folder)).rejects.toThrow(/self-test reached [\d.]+ dB of 50/);
  });
  it('refuses weights that are not those of the manifest', async () => {
    const path = join(folder, 'manifest.json');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/"sha256": "./g, '"sha256": "0').replaceAll(/"sha256": "0(.)/g, '"sha256": "00'));
    await expect(start(undefined, folder)).rejects.toThrow(/SHA-256/);
  });
});

describe('an inference process', () => {
  it('takes the next backend of its list where one cannot be used, and says why', async () => {
    vi.stubEnv('VK_DRIVER_FILES', '/nowhere'); // no driver, whatever this machine has
    onTestFinished(() => void vi.unstubAllEnvs());
    const worker = await startInferenceWorker({ backends: ['webgpu', 'cpu'], threads: 1, modelsDir: undefined });
    await worker.end();
    expect([worker.backend, worker.refused]).toEqual(['cpu', [expect.stringMatching(/^webgpu: .*WebGPU adapter/)]]);
    expect(worker.psnrDb).toBeGreaterThanOrEqual(SELF_TEST_MIN_DB);
  });
  it('stops within one tile of an abort and takes the next piece of work', async () => {
    const worker = await start();
    const controller = new AbortController();
    const input = await paintPicture(400, 400);
    const tiles: number[] = [];
    const call = worker.run({ kind: 'restore', input, options: { tile: 256 } }, controller.signal, (progress) => {
      if (progress.type !== 'tile') return;
      tiles.push(progress.tile);
      controller.abort();
    });
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(tiles).toEqual([1]); // of 4: the one that ended as the abort came
    const { result } = await worker.run({ kind: 'inspect', input, options: {} }, new AbortController().signal);
    expect([result.weather.length > 0, worker.lost.aborted]).toEqual([true, false]);
    await worker.end();
  });
  it('does what it holds after what it is at, and blames a crash on that', async () => {
    const worker = await start();
    const input = await paintPicture(400, 400);
    const calls = [1, 2].map((seed) => worker.run({ kind: 'restore', input, options: { seed } }, new AbortController().signal));
    const [first, second] = await Promise.all(calls);
    expect([first?.result.report.seed, second?.result.report.seed]).toEqual([1, 2]);
    expect(second?.heldMs).toBeGreaterThan(first?.heldMs ?? Number.POSITIVE_INFINITY);
    const lost = Promise.allSettled([3, 4].map((seed) => worker.run({ kind: 'restore', input, options: { seed } }, new AbortController().signal)));
    await worker.end();
    expect((await lost).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toMatchObject([{ begun: true }, { begun: false }]);
  });
  it('is ended when it does not answer an abort in time', async () => {
    const worker = await start({ abortGraceMs: 0 });
    const controller = new AbortController();
    const call = worker.run({ kind: 'restore', input: await paintPicture(1000, 1000), options: {} }, controller.signal);
    setTimeout(() => controller.abort(), 200);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(worker.lost.aborted).toBe(true);
    await expect(worker.run({ kind: 'inspect', input: Uint8Array.of(1), options: {} }, new AbortController().signal)).rejects.toMatchObject({
      name: 'WorkerLost',
    });
  });
});
