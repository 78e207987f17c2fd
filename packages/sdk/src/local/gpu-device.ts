/** The browser's GPU -> a device of our own, with all that the runtime can make use of. Runs in the worker. */
import { RestoreError } from '../errors.ts';

/** Limits that decide whether large tiles fit; the adapter's own are asked for. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

const FEATURES = ['shader-f16', 'subgroups'] as const;

/** @throws RestoreError `backend-failed` */
export async function openGpuDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new RestoreError('backend-failed', 'Expected a WebGPU adapter, this browser gives none; the CPU is used instead.');
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = FEATURES.filter((name) => adapter.features.has(name));
  return adapter.requestDevice({ requiredLimits, requiredFeatures }).catch((cause: unknown) => {
    throw new RestoreError('backend-failed', `The WebGPU adapter gives no device: ${String(cause)}`, { cause });
  });
}
