import type { InferenceWorker } from '../src/engine/start-worker.ts';
import { type RunningServer } from '../src/runtime/node.ts';
/** @param environment on top of: a free port, the CPU, no rate, no log */
export declare function startTestServer(environment?: Readonly<Record<string, string>>, startWorker?: () => Promise<InferenceWorker>): Promise<RunningServer>;
/** A picture with something in it; deterministic. */
export declare function paintPicture(
  width: number,
  height: number,
  format?: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif',
): Promise<Uint8Array<ArrayBuffer>>;
