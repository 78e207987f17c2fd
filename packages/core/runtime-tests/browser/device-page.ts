/** Runs inside the browser: pictures in several tiles on a WebGPU device, with every byte counted that crosses; and chains without a network. */
import { createGraphsOn } from '../../src/adapter/ort-web.ts';
import { createModelStore } from '../../src/graph/model-store.ts';
import type { OpenModel } from '../../src/open-model.ts';
import { type GoldenOptions, restoreWith } from '../../testing/golden-restoration.ts';
import { openPictureModel } from '../../testing/open-model.ts';
import { countCrossings, type Crossings } from './crossings.ts';
import { compareChains, type ChainsAnswer, type ChainsTask, hasRoom } from './compare-chains.ts';

export type DeviceTask = {
  readonly dims: readonly number[];
  readonly data: readonly number[];
  readonly options: Omit<GoldenOptions, 'model' | 'precision'>;
  /** After this many inferences the caller aborts, or the device is lost. */
  readonly stop?: { readonly afterRuns: number; readonly by: 'abort' | 'loss' };
  /** Makes rings as long as this device may bind: SwiftShader has no memory for that. */
  readonly longRings?: boolean;
};

export type DeviceAnswer = Crossings & {
  readonly restored: readonly number[];
  readonly tiles: number;
  readonly runs: number;
  /** Why there is no picture. */
  readonly failure?: { readonly name: string; readonly code?: string; readonly message: string };
};

type OnDevice = { readonly model: OpenModel; readonly device: GPUDevice };
let opened: Promise<OnDevice> | undefined;

async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('Expected a WebGPU adapter, there is none.');
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  device.addEventListener('uncapturederror', ({ error }) => console.error(error.message)); // a complaint of the page
  return device;
}

/** @param models URL of the folder with `manifest.json`, with a slash at its end */
async function openOnDevice(models: string): Promise<OnDevice> {
  const device = await openDevice();
  const manifest: unknown = await (await fetch(new URL('manifest.json', models))).json();
  const store = createModelStore(manifest, async (file) => new Uint8Array(await (await fetch(new URL(file, models))).arrayBuffer()));
  const graphs = createGraphsOn(await import('onnxruntime-web/webgpu'), 'webgpu', device);
  return { device, model: await openPictureModel(store, graphs, { precision: 'fp32' }) };
}

async function restoreOnDevice({ dims, data, options, stop, longRings = false }: DeviceTask, models: string): Promise<DeviceAnswer> {
  opened ??= openOnDevice(models);
  const { model, device } = await opened;
  const abort = new AbortController();
  let runs = 0;
  const onRun = (done: number): void => {
    runs = done;
    if (done !== stop?.afterRuns) return;
    if (stop.by === 'loss') device.destroy();
    else abort.abort();
  };
  const counting = countCrossings(longRings);
  try {
    const { restored, tiles } = await restoreWith(model, { dims, data: Float32Array.from(data) }, options, { signal: abort.signal, onRun });
    return { restored: Array.from(restored), tiles, runs, ...counting.end() };
  } catch (error) {
    const { name, code, message } = error as { readonly name: string; readonly code?: string; readonly message: string };
    return { restored: [], tiles: 0, runs, ...counting.end(), failure: { name, message, ...(typeof code === 'string' ? { code } : {}) } };
  }
}

async function compareOnDevice(task: ChainsTask): Promise<Crossings & ChainsAnswer> {
  const device = await openDevice();
  const counting = countCrossings(false);
  try {
    return { ...(await compareChains(task, device)), ...counting.end() };
  } finally {
    device.destroy();
  }
}

const inPage: {
  readonly restoreOnDevice: typeof restoreOnDevice;
  readonly compareOnDevice: typeof compareOnDevice;
  readonly hasRoom: (sidePx: number) => Promise<boolean>;
} = { restoreOnDevice, compareOnDevice, hasRoom: async (sidePx) => hasRoom(await openDevice(), sidePx) };
declare global {
  /** How the test reaches into the page. */
  var fairweatherDevice: typeof inPage;
}
globalThis.fairweatherDevice = inPage;
