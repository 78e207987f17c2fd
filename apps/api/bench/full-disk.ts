/**
 * Jobs on a disk that is full: does each accepted one end once, with a picture or one clear failure, and is it well again once there is room?
 * Mounts a small tmpfs: needs root on Linux.
 *
 *     npm run full-disk -w @fairweather/api
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobMessage } from '@fairweather/core/contract';
import { ROUTES } from '@fairweather/core/contract';
import { fetchResult, findJob } from '../testing/job-client.ts';
import { type ServerProcess, startServerProcess } from '../testing/server-process.ts';
import { paintPicture } from '../testing/test-server.ts';

const SIZE_KB = 7000;
let server: ServerProcess | undefined;
const dir = mkdtempSync(join(tmpdir(), 'fairweather-full-'));
run('mount', '-t', 'tmpfs', '-o', `size=${SIZE_KB}k`, 'tmpfs', dir);
try {
  server = await startServerProcess({ FAIRWEATHER_JOBS_DIR: dir, FAIRWEATHER_LOG_LEVEL: 'info' });
  const { url } = server;
  const picture = await paintPicture(300, 200);
  const submit = (): Promise<Response> => fetch(url + ROUTES.jobs, { method: 'POST', body: picture });
  const accepted: JobMessage[] = [];
  const refusals = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const response = await submit();
    const body = (await response.json()) as { readonly jobs?: readonly JobMessage[]; readonly code?: string };
    if (response.status === 202) accepted.push(...(body.jobs ?? []));
    else refusals.add(`${response.status} ${body.code}, Retry-After ${response.headers.get('Retry-After')}`);
  }
  const ends = await Promise.all(accepted.map(async (job) => describe(url, await untilEnded(url, job))));
  console.log(`${accepted.length} of 60 accepted on ${SIZE_KB} kB; the others: ${[...refusals].join('; ')}`);
  for (const end of new Set(ends)) console.log(`  ${ends.filter((e) => e === end).length} ended: ${end}`);
  const filler = join(dir, 'filler');
  spawnSync('sh', ['-c', `head -c 9000000 /dev/urandom > ${filler} 2>/dev/null`]);
  console.log(
    `with no byte left: ${(await submit()).status}; restored directly: ${(await fetch(url + ROUTES.restore, { method: 'POST', body: picture })).status}`,
  );
  rmSync(filler);
  for (const job of accepted) await fetch(url + job.links.self, { method: 'DELETE' });
  const again = await submit();
  if (again.status !== 202) throw new Error(`Not well again: ${again.status} ${await again.text()}`);
  const [job] = ((await again.json()) as { readonly jobs: readonly [JobMessage] }).jobs;
  console.log(`with room again: ${again.status}, ${await describe(url, await untilEnded(url, job))}`);
} finally {
  await server?.end();
  run('umount', dir);
  rmdirSync(dir);
}

async function untilEnded(url: string, job: JobMessage): Promise<JobMessage> {
  for (;;) {
    const now = await findJob(url, job);
    if (now?.endedAt !== undefined) return now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function describe(url: string, job: JobMessage): Promise<string> {
  if (job.state !== 'done') return `${job.state}, ${job.problem?.code}`;
  return `done, ${(await fetchResult(url, job)).length} bytes`;
}

function run(command: string, ...words: readonly string[]): void {
  if (spawnSync(command, words, { stdio: 'inherit' }).status !== 0) throw new Error(`${command} ${words.join(' ')} failed; this needs root.`);
}
