/** A browser -> what its engines can do, found out without downloading a model or a runtime. */
import type { InputFormat, OutputFormat } from '@fairweather/core';
import type { EngineCapabilities } from '../engine-port.ts';
import { storageBytes } from './file-cache.ts';
import type { WebBackend } from './messages.ts';

export const NO_ISOLATION =
  'The page is not cross-origin isolated, so WebAssembly runs on one thread; send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp for more.';

/** @param missingBytes bytes a first restoration on a backend would download; undefined where that is not known; throws where there is no such model */
export async function findCapabilities(
  backends: readonly WebBackend[],
  threads: number | undefined,
  missingBytes: (backend: WebBackend, precisions: readonly ('fp32' | 'fp16')[]) => Promise<number | undefined>,
): Promise<readonly EngineCapabilities[]> {
  const [gpu, inputFormats, outputFormats, storage] = await Promise.all([lookAtGpu(), readableFormats(), writableFormats(), storageBytes()]);
  const common = commonFault();
  const entry = async (engine: WebBackend): Promise<EngineCapabilities> => {
    const fault = common ?? (engine === 'webgpu' ? gpu.reason : typeof WebAssembly === 'undefined' ? 'This browser has no WebAssembly.' : undefined);
    const precisions = engine === 'webgpu' ? gpu.precisions : (['fp32', 'fp16'] as const);
    const missing = fault ?? (await missingBytes(engine, precisions).catch((error: Error) => error.message));
    const [reason, downloadBytes] = typeof missing === 'string' ? [missing, undefined] : [undefined, missing];
    return {
      engine,
      available: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
      precisions: reason === undefined ? precisions : [],
      ...(engine === 'wasm' ? { threads: threadsOf(threads) } : {}),
      inputFormats,
      outputFormats,
      ...(downloadBytes === undefined ? {} : { downloadBytes }),
      ...(storage === undefined ? {} : { storageBytes: storage }),
      notes: engine === 'wasm' && !globalThis.crossOriginIsolated ? [NO_ISOLATION] : [],
    };
  };
  const entries = await Promise.all(backends.map(entry));
  return [...entries.filter(({ available }) => available), ...entries.filter(({ available }) => !available)];
}

/** What every engine of a browser needs. @returns what is missing, as a sentence */
export function commonFault(): string | undefined {
  if (typeof Worker === 'undefined') return 'No worker can be started here: a service worker and a server cannot; call from the page.';
  if (typeof OffscreenCanvas === 'undefined') return 'This browser has no OffscreenCanvas; Safari has it from 16.4 on.';
  if (globalThis.crypto?.subtle === undefined) return 'The page is not secure (https or localhost), so models cannot be verified.';
  return undefined;
}

/** Threads the runtime will use: the caller's wish, or half the processors and at most 4; one without cross-origin isolation. */
export function threadsOf(wish: number | undefined): number {
  return globalThis.crossOriginIsolated ? (wish ?? Math.max(1, Math.min(4, Math.ceil((navigator.hardwareConcurrency || 1) / 2)))) : 1;
}

async function lookAtGpu(): Promise<{ readonly reason?: string; readonly precisions: readonly ('fp32' | 'fp16')[] }> {
  const { gpu } = (globalThis.navigator ?? {}) as Partial<Navigator>; // there is none on some servers
  if (gpu === undefined) return { reason: 'This browser has no WebGPU.', precisions: [] };
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return { reason: 'WebGPU finds no graphics adapter here.', precisions: [] };
    return { precisions: adapter.features.has('shader-f16') ? ['fp16', 'fp32'] : ['fp32'] };
  } catch (error) {
    return { reason: `WebGPU fails: ${error instanceof Error ? error.message : String(error)}`, precisions: [] };
  }
}

async function readableFormats(): Promise<readonly InputFormat[]> {
  const sure: readonly InputFormat[] = ['jpeg', 'png', 'webp', 'gif'];
  const { ImageDecoder } = globalThis as { readonly ImageDecoder?: { isTypeSupported(type: string): Promise<boolean> } }; // not in Safari
  const asked = await Promise.all(
    (['avif', 'tiff'] as const).map(async (format) => ((await ImageDecoder?.isTypeSupported(`image/${format}`)) ? [format] : [])),
  );
  return [...sure, ...asked.flat()];
}

/** A canvas that does not know a type writes PNG instead. */
async function writableFormats(): Promise<readonly OutputFormat[]> {
  if (typeof OffscreenCanvas === 'undefined') return [];
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext('2d');
  const tried = await Promise.all(
    (['jpeg', 'png', 'webp', 'avif'] as const).map(async (format) =>
      (await canvas.convertToBlob({ type: `image/${format}` })).type === `image/${format}` ? [format] : [],
    ),
  );
  return tried.flat();
}
