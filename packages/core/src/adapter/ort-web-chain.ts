/** Runs of one graph on WebGPU that leave their output to later runs: what lies between them is computed on the GPU and never leaves it. */
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Chain, ChainPlan, Feeds, Graph, RingWindow } from '../graph/graph.ts';
import { compileRingPasses, createBuffer, longestBinding, openRings, type RingPasses, type Rings, USAGE } from './ort-web-rings.ts';

type OrtWeb = typeof import('onnxruntime-web');

/** Source: W3C WebGPU, 5.3. */
const MAP_READ_MODE = 0x1;

/** What the runtime and our passes do with a tensor. */
const TENSOR: number = USAGE.STORAGE | USAGE.COPY_DST | USAGE.COPY_SRC;

/**
 * Chains of a session on this device. All buffers of a chain are made with it and end with it: the rings, one for each input of the graph, one for
 * its output and one that the output is read from.
 * @param refuse     what an error of the runtime or of WebGPU is thrown by
 * @param pieceBytes longest piece of a ring. @default what a pass of this device may bind
 */
export function createChains(
  ort: { readonly Tensor: Pick<OrtWeb['Tensor'], 'fromGpuBuffer'> },
  session: Pick<InferenceSession, 'run'>,
  device: GPUDevice,
  refuse: (cause: unknown) => never,
  pieceBytes: number = longestBinding(device),
): NonNullable<Graph['openChain']> {
  let passes: Promise<RingPasses> | undefined;
  return async (plan) => {
    try {
      if (bytesOf(plan.dims) >= longestBinding(device)) return undefined; // what is read back is a little longer
      passes ??= compileRingPasses(device);
      const compiled = await passes;
      const kept = await allocate(device, () => createKept(device, compiled, plan, pieceBytes));
      return kept && createChain(ort, session, device, plan, kept, refuse);
    } catch (error) {
      return refuse(error);
    }
  };
}

/** What a chain keeps on the device. */
type Kept = {
  readonly rings: Rings;
  readonly inputs: ReadonlyMap<string, { readonly buffer: GPUBuffer; readonly dims: readonly number[] }>;
  readonly output: GPUBuffer;
  readonly staging: GPUBuffer;
  destroy(): void;
};

function createKept(device: GPUDevice, passes: RingPasses, { state, dims, feeds, changing, rings: sizes }: ChainPlan, pieceBytes: number): Kept {
  const fixed = Object.entries(feeds).map(([name, feed]) => [name, feed.dims] as const);
  const inputs = new Map(
    [[state, dims] as const, ...Object.entries(changing), ...fixed].map(([name, of]) => [
      name,
      { buffer: createBuffer(device, name, bytesOf(of), TENSOR), dims: of },
    ]),
  );
  const rings = openRings(device, passes, dims, sizes, pieceBytes);
  const output = createBuffer(device, 'output', bytesOf(dims), TENSOR);
  const staging = createBuffer(device, 'staging', output.size + rings.faults.size, USAGE.COPY_DST | USAGE.MAP_READ);
  return {
    rings,
    inputs,
    output,
    staging,
    destroy() {
      rings.destroy();
      for (const { buffer } of inputs.values()) buffer.destroy();
      for (const buffer of [output, staging]) buffer.destroy();
    },
  };
}

/** @returns undefined where the device has no room */
async function allocate(device: GPUDevice, create: () => Kept): Promise<Kept | undefined> {
  device.pushErrorScope('out-of-memory');
  const kept = create();
  const error = await device.popErrorScope().catch((cause: unknown) => {
    kept.destroy();
    throw cause;
  });
  if (error === null) return kept;
  kept.destroy();
  return undefined;
}

function createChain(
  ort: Parameters<typeof createChains>[0],
  session: Pick<InferenceSession, 'run'>,
  device: GPUDevice,
  plan: ChainPlan,
  { rings, inputs, output, staging, destroy }: Kept,
  refuse: (cause: unknown) => never,
): Chain {
  const { dims } = plan;
  const tensorOn = (gpuBuffer: GPUBuffer, of: readonly number[]): Tensor => ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: 'float32', dims: [...of] });
  const tensors = Object.fromEntries([...inputs].map(([name, input]) => [name, tensorOn(input.buffer, input.dims)]));
  const fetches = { [plan.output]: tensorOn(output, dims) };
  const bufferOf = (name: string): GPUBuffer => {
    const input = inputs.get(name);
    if (input === undefined) throw new Error(`Expected feeds among ${[...inputs.keys()].join(', ')}, got ${name}.`);
    return input.buffer;
  };
  const upload = (feeds: Feeds): void => {
    for (const [name, { data }] of Object.entries(feeds)) device.queue.writeBuffer(bufferOf(name), 0, data as Float32Array<ArrayBuffer>); // never shared in core
  };
  const state = bufferOf(plan.state);
  upload(plan.feeds);

  const compute = async (feeds: Feeds, from: RingWindow | undefined): Promise<void> => {
    upload(feeds);
    if (from !== undefined) rings.cut(from, state);
    await session.run(tensors, fetches);
  };
  let running: Promise<unknown> = Promise.resolve();
  const track = <T>(run: Promise<T>): Promise<T> => {
    const result = run.catch(refuse);
    running = result.catch(() => {}); // its caller has the error
    return result;
  };
  let disposal: Promise<void> | undefined;
  return {
    runInto(feeds, from, to) {
      const run = async (): Promise<void> => {
        await compute(feeds, from);
        rings.blend(to, output, state);
        await device.queue.onSubmittedWorkDone(); // so that progress and aborts keep step with the GPU
      };
      return track(run());
    },
    run(feeds, from) {
      const run = async (): ReturnType<Chain['run']> => {
        await compute(feeds, from);
        const read = await readBuffers(device, [output, rings.faults], staging);
        if (new Uint32Array(read, output.size, 1)[0] !== 0)
          throw new Error(`"${plan.output}" had numbers that are not finite; use precision fp32 or another backend.`);
        return { [plan.output]: { dims, data: new Float32Array(read, 0, bytesOf(dims) / 4) } };
      };
      return track(run());
    },
    dispose() {
      disposal ??= running.then(destroy); // buffers that the runtime still computes with must not go
      return disposal;
    },
  };
}

function bytesOf(dims: readonly number[]): number {
  return 4 * dims.reduce((product, length) => product * length, 1);
}

/** @returns what the buffers hold, one after another */
async function readBuffers(device: GPUDevice, buffers: readonly GPUBuffer[], staging: GPUBuffer): Promise<ArrayBuffer> {
  const encoder = device.createCommandEncoder();
  let offset = 0;
  for (const buffer of buffers) {
    encoder.copyBufferToBuffer(buffer, 0, staging, offset, buffer.size);
    offset += buffer.size;
  }
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_READ_MODE);
  const read = staging.getMappedRange().slice(0);
  staging.unmap();
  return read;
}
