/** What the command restores with, a server or this machine: the port between the two and its verbs. Types only. */
import type { InspectResult, RestoreReport } from '@fairweather/core';
import type { InspectOptions, RestoreOptions } from '../engine-port.ts';

export type CommandEngine = {
  restore(picture: Blob, options: RestoreOptions): Promise<{ readonly image: Uint8Array; readonly mediaType: string; readonly report: RestoreReport }>;
  inspect(picture: Blob, options: InspectOptions): Promise<InspectResult>;
  dispose(): Promise<void>;
};
