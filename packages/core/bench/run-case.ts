/** A case -> what it took, measured in a process of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Case, CaseResult } from './restore-case.ts';

export async function runCase(work: Case): Promise<CaseResult> {
  const script = new URL('./restore-case.ts', import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [script.pathname, JSON.stringify(work)], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as CaseResult; // printed by restore-case.ts
}
