/** Jobs on a disk that fills up: the real server in a mount namespace of its own (Linux), its folder on a small tmpfs that goes with it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobMessage, type Problem, ROUTES } from '@fairweather/core/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchResult, findJob } from '../../testing/job-client.ts';
import { type ServerProcess, startServerProcess } from '../../testing/server-process.ts';
import { paintPicture } from '../../testing/test-server.ts';

/** Room for the queue's file with its journal, and for some pictures. */
const SIZE_KB = 6500;
const PATIENT = { timeout: 100_000, interval: 100 };

describe.runIf(platform() === 'linux')('a disk that is full', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairweather-full-'));
  let [server, picture]: [ServerProcess | undefined, Uint8Array<ArrayBuffer>] = [undefined, new Uint8Array()];
  beforeAll(async () => {
    const namespace = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--user', '--map-root-user', '--mount'];
    const mount = ['sh', '-c', `mount -t tmpfs -o size=${SIZE_KB}k tmpfs "$0" && exec "$@"`, dir];
    server = await startServerProcess({ FAIRWEATHER_JOBS_DIR: dir, FAIRWEATHER_LOG_LEVEL: 'info' }, [...namespace, ...mount]);
    picture = await paintPicture(300, 200);
  });
  afterAll(async () => {
    await server?.kill();
    rmdirSync(dir); // the tmpfs was seen by the server alone
  });
  const post = (route: string): Promise<Response> => fetch(`${server?.url}${route}`, { method: 'POST', body: picture });
  const findEnd = async (job: JobMessage): Promise<string | undefined> => {
    const now = await findJob(server?.url ?? '', job);
    return now?.endedAt === undefined ? undefined : (now.problem?.code ?? now.state);
  };

  it('ends each accepted job once, with the right picture or one clear failure; is told as what it is; and is got over', async () => {
    const expected = Buffer.from(await (await post(ROUTES.restore)).arrayBuffer());
    const accepted: JobMessage[] = [];
    for (let i = 0; i < 50; i++) {
      const response = await post(ROUTES.jobs);
      if (response.status === 202) accepted.push(...((await response.json()) as { readonly jobs: readonly JobMessage[] }).jobs);
      else expect([response.status, ((await response.json()) as Problem).code]).toEqual([503, 'storage-failed']);
    }
    await expect.poll(async () => (await Promise.all(accepted.map(findEnd))).includes(undefined), PATIENT).toBe(false);
    const ends = await Promise.all(accepted.map(findEnd));
    expect(new Set(ends)).toEqual(new Set(['done', 'storage-failed']));
    for (const [i, job] of accepted.entries())
      if (ends[i] === 'done') expect(Buffer.compare(Buffer.from(await fetchResult(server?.url ?? '', job)), expected)).toBe(0);

    const filler = `/proc/${server?.process.pid}/root${join(dir, 'filler')}`;
    spawnSync('sh', ['-c', 'head -c 9000000 /dev/zero > "$0"', filler], { stdio: 'ignore' });
    expect(existsSync(filler)).toBe(true);
    const refused = await post(ROUTES.jobs);
    expect([refused.status, Number(refused.headers.get('Retry-After')) > 0, ((await refused.json()) as Problem).code]).toEqual([503, true, 'storage-failed']);
    expect((await post(ROUTES.restore)).status).toBe(200); // what needs no disk goes on

    rmSync(filler);
    for (const job of accepted) await fetch(`${server?.url}${job.links.self}`, { method: 'DELETE' });
    const [job] = ((await (await post(ROUTES.jobs)).json()) as { readonly jobs: readonly [JobMessage] }).jobs;
    await expect.poll(() => findEnd(job), PATIENT).toBe('done');
  });
});
