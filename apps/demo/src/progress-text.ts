/** A report of progress -> a sentence for people, and the share of the picture that is done. */
import type { ProgressEvent } from '@fairweather/sdk';

export type ProgressText = { readonly text: string /** 0 to 1, or nothing when it is not known. */; readonly fraction?: number };

/** @returns nothing for reports that change nothing of what is shown */
export function describeProgress(event: ProgressEvent): ProgressText | undefined {
  switch (event.type) {
    case 'upload':
      return { text: `Sending: ${megabytes(event.sentBytes)} of ${megabytes(event.totalBytes)}` };
    case 'queue':
      if (event.place !== undefined) return { text: `In the server’s queue: ${event.place === 1 ? 'next' : `place ${event.place}`}` };
      return { text: `The server is busy; trying again in ${Math.ceil(event.waitMs / 1000)} s` };
    case 'work':
      return { text: 'The server restores', fraction: event.fraction };
    case 'load':
      return {
        text: `Loading the ${event.file.endsWith('.wasm') ? 'engine' : 'model'}: ${megabytes(event.loadedBytes)} of ${megabytes(event.totalBytes)} of ${event.file.split('/').at(-1)}`,
      };
    case 'compile':
      return { text: `Making the engine ready: ${event.done} of ${event.total}` };
    case 'phase':
      return PHASES[event.phase] === undefined ? undefined : { text: PHASES[event.phase] as string };
    case 'tile':
      return { text: `Restoring: tile ${event.tile} of ${event.tiles}`, fraction: event.tile / event.tiles };
    case 'step':
      return {
        text: `Restoring: tile ${event.tile} of ${event.tiles}, step ${event.step} of ${event.steps}`,
        fraction: (event.tile - 1 + event.step / event.steps) / event.tiles,
      };
    case 'fallback':
      return { text: `Going from ${event.from} to ${event.to}: ${event.reason}` };
    case 'patch':
      return undefined;
  }
}

const PHASES: Readonly<Record<string, string>> = {
  read: 'Reading the picture',
  decode: 'Decoding the picture',
  condition: 'Looking for weather',
  encode: 'Writing the file',
};

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
