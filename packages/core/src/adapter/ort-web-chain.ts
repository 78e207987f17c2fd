/** Several runs of one graph on WebGPU in a row: what lies between them is computed on the GPU and never leaves it. */
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { ChainLink, Feeds, Graph } from '../graph/graph.ts';

type OrtWeb = typeof import('onnxruntime-web');

/** Runs a graph several times; see `Graph`. */
export type ChainRunner = NonNullable<Graph['runChain']>;

/** WebGPU's constants, which TypeScript's library lacks. Source: W3C WebGPU, 5.1.2 and 5.3. */
const USAGE = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const;
const MAP_READ_MODE = 0x1;

const WORKGROUP = 256;
/** No device need take more workgroups on one side; each thread goes on in strides of them all. */
const MAX_WORKGROUPS = 65_535;

/** state = stateScale * state + outputScale * output + clippedScale * clamp(output, -clip, clip), in place. */
const UPDATE = /* wgsl */ `
struct Link { stateScale: f32, outputScale: f32, clippedScale: f32, clip: f32 }
@group(0) @binding(0) var<uniform> link: Link;
@group(0) @binding(1) var<storage, read> output: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@compute @workgroup_size(${WORKGROUP})
fn update(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&state); i += groups.x * ${WORKGROUP}u) {
    let x0 = output[i];
    state[i] = link.stateScale * state[i] + link.outputScale * x0 + link.clippedScale * clamp(x0, -link.clip, link.clip);
  }
}`;

/**
 * The chain of a session on this device. Pipelines are made once, at the first call.
 * @throws what the runtime or WebGPU throws
 */
export function createChain(ort: OrtWeb, session: InferenceSession, device: GPUDevice): ChainRunner {
  let pipeline: Promise<GPUComputePipeline> | undefined;

  return async (feeds, chain) => {
    pipeline ??= device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code: UPDATE }), entryPoint: 'update' },
    });
    const update = await pipeline;
    const { dims } = feedOf(feeds, chain.state);
    const buffers: GPUBuffer[] = [];
    /** Feeds that stay the same go up once, as large ones should. */
    const upload = (name: string): Tensor => {
      const { data } = feedOf(feeds, name);
      const buffer = createBuffer(device, data.byteLength, USAGE.STORAGE | USAGE.COPY_DST | USAGE.COPY_SRC);
      device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>); // tensors of the core are never shared
      buffers.push(buffer);
      return ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [...feedOf(feeds, name).dims] });
    };
    try {
      const changing = new Set(chain.links.flatMap((link) => Object.keys(link.feeds)));
      const fixed = Object.fromEntries(session.inputNames.filter((name) => !changing.has(name)).map((name) => [name, upload(name)]));
      const output = createBuffer(device, feedOf(feeds, chain.state).data.byteLength, USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST);
      buffers.push(output);
      const fetches = { [chain.output]: ort.Tensor.fromGpuBuffer(output, { dataType: 'float32', dims: [...dims] }) };
      for (let i = 0; i <= chain.links.length; i++) {
        const link = chain.links[i - 1];
        if (link !== undefined) submitUpdate(device, update, link, output, (fixed[chain.state] as Tensor).gpuBuffer as GPUBuffer, buffers); // put there by `upload`
        const fed = { ...feeds, ...link?.feeds };
        const moving = Object.fromEntries([...changing].map((name) => [name, toTensor(ort, fed, name)]));
        await session.run({ ...fixed, ...moving }, fetches);
        await device.queue.onSubmittedWorkDone(); // so that progress and aborts keep step with the GPU
        await chain.onRun(i + 1);
      }
      return { [chain.output]: { dims, data: (await readBuffer(device, output)).subarray(0, feedOf(feeds, chain.state).data.length) } };
    } finally {
      for (const buffer of buffers) buffer.destroy();
    }
  };
}

function feedOf(feeds: Feeds, name: string): Feeds[string] {
  const feed = feeds[name];
  if (feed === undefined) throw new Error(`The graph takes "${name}", which was not fed.`);
  return feed;
}

function toTensor(ort: OrtWeb, feeds: Feeds, name: string): Tensor {
  const { data, dims } = feedOf(feeds, name);
  return new ort.Tensor('float32', data, dims);
}

/** Sizes of storage are multiples of 16 for the runtime. */
function createBuffer(device: GPUDevice, bytes: number, usage: number): GPUBuffer {
  return device.createBuffer({ size: Math.ceil(bytes / 16) * 16, usage });
}

function submitUpdate(device: GPUDevice, pipeline: GPUComputePipeline, link: ChainLink, output: GPUBuffer, state: GPUBuffer, buffers: GPUBuffer[]): void {
  const uniform = createBuffer(device, 16, USAGE.UNIFORM | USAGE.COPY_DST);
  buffers.push(uniform);
  device.queue.writeBuffer(uniform, 0, Float32Array.of(link.stateScale, link.outputScale, link.clippedScale, link.clip));
  const entries = [uniform, output, state].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.min(MAX_WORKGROUPS, Math.ceil(state.size / 4 / WORKGROUP)));
  pass.end();
  device.queue.submit([encoder.finish()]);
}

async function readBuffer(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const staging = device.createBuffer({ size: buffer.size, usage: USAGE.COPY_DST | USAGE.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(MAP_READ_MODE);
    return new Float32Array(staging.getMappedRange().slice(0));
  } finally {
    staging.destroy();
  }
}
