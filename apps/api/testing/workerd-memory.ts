/** The workerd processes that this process has started -> the memory they have, all together, and had at most while something was done. */
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { promisify } from 'node:util';

export type WorkerdMemory = { readonly idleMb: number; readonly highestMb: number };

const LOOK_MS = 20;

/** @param work looked at from its begin to its end; in MB of 10^6 bytes */
export async function watchWorkerdMemory(work: () => Promise<void>): Promise<WorkerdMemory> {
  const pids = await findWorkerds();
  const idleMb = await residentMb(pids);
  let [highestMb, done] = [idleMb, false];
  const watch = (async () => {
    for (; !done; await wait(LOOK_MS)) highestMb = Math.max(highestMb, await residentMb(pids));
  })();
  await work().finally(() => {
    done = true;
  });
  await watch;
  return { idleMb, highestMb };
}

async function findWorkerds(): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'ppid=,pid=,comm=']);
  const found = [...stdout.matchAll(/^ *(\d+) +(\d+) .*workerd/gm)].filter(([, parent]) => Number(parent) === process.pid).map(([, , pid]) => Number(pid));
  if (found.length === 0) throw new Error('ps knows no workerd of this process.');
  return found;
}

async function residentMb(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      if (platform() === 'linux') return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
      return Number((await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])).stdout);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}
