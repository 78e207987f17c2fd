/** The runtime -> the engine of its device, loaded when it is needed and never before. */
import type { CreateEngine } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import type { Platform } from './platform.ts';

export type LoadEngine = () => Promise<CreateEngine>;

/** @throws RestoreError `engine-unavailable` */
export async function loadEngineOf(runtime: Platform['runtime']): Promise<CreateEngine> {
  try {
    return await (runtime === 'browser' ? loadBrowserEngine() : loadNodeEngine());
  } catch (cause) {
    throw new RestoreError('engine-unavailable', `The engine of this device could not be loaded: ${(cause as Error).message}`, { cause });
  }
}

async function loadBrowserEngine(): Promise<CreateEngine> {
  return (await import('./local/index.ts')).createLocalEngine;
}

/** Named at run time: a bundler that followed it would put Node's runtimes into pages and edge functions. */
async function loadNodeEngine(): Promise<CreateEngine> {
  const name = ['@fairweather', 'sdk', 'node'].join('/'); // no minifier may fold it into a name that a bundler then follows
  return ((await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as { createNodeEngine: CreateEngine }).createNodeEngine; // this package's own door
}
