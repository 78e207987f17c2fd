/** What the client needs of the place it runs in: which runtime it is, the network's state, time and chance. Tests bring their own. */

import { untilAborted } from './deadline.ts';

export type Platform = {
  /** `browser` is a page or a worker of one; `node` is Node, Deno or Bun; `edge` is anything else with `fetch`. */
  readonly runtime: 'browser' | 'node' | 'edge';
  /** False where the runtime knows that there is no network. */
  isOnline(): boolean;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** 0 (inclusive) to 1 (exclusive). */
  random(): number;
  /** Resolves after a time, or rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
};

/** Looks at the globals when called, never when imported: pages are also rendered on servers. */
export function detectPlatform(): Platform {
  return {
    runtime: detectRuntime(),
    isOnline: () => typeof navigator === 'undefined' || navigator.onLine !== false,
    now: () => performance.now(),
    random: Math.random,
    sleep,
  };
}

function detectRuntime(): Platform['runtime'] {
  const { document, importScripts, process } = globalThis as {
    readonly document?: unknown;
    readonly importScripts?: unknown;
    readonly process?: { readonly versions?: { readonly node?: string } };
  }; // each may be absent
  if (document !== undefined || importScripts !== undefined) return 'browser';
  return process?.versions?.node === undefined ? 'edge' : 'node';
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await untilAborted(passed, signal).finally(() => clearTimeout(timer));
}
