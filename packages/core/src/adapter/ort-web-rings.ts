/** Rings of rows on a WebGPU device: tiles of x_t are blended into them and windows are cut out of them, by compute passes; nothing is read back. */
import type { RingRegion, RingSize, RingWindow } from '../graph/graph.ts';

/** WebGPU's constants, which TypeScript's library lacks. Source: W3C WebGPU, 5.1.2. */
export const USAGE = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const;

export type Rings = {
  /** Its first u32 is not 0 once an output was blended that had numbers which are not finite. What a network does with such numbers nobody can say. */
  readonly faults: GPUBuffer;
  /** Puts a window of a ring into `state`, [C,H,W]. */
  cut(from: RingWindow, state: GPUBuffer): void;
  /** Updates the state of a tile and adds it to a ring; `output` and `state` are [C,H,W] and stay as they are. */
  blend(to: RingRegion, output: GPUBuffer, state: GPUBuffer): void;
  destroy(): void;
};

/** Size of the tiles, [1,C,H,W]. */
export type TileDims = readonly [number, number, number, number];

const WORKGROUP = 256;
/** No device need take more workgroups on one side; each thread goes on in strides of them all. */
const MAX_WORKGROUPS = 65_535;

/** A part of a tile that lies in one piece of a ring, and how one is found in the other. */
const PART = /* wgsl */ `
struct Part {
  channels: u32, height: u32, width: u32,
  tileTop: u32, tileLeft: u32, tileHeight: u32, tileWidth: u32,
  ringTop: u32, ringLeft: u32, ringRows: u32, ringColumns: u32,
  regionLeft: u32, regionWidth: u32,
  above: u32, before: u32, below: u32, after: u32,
  stateScale: f32, outputScale: f32, clippedScale: f32, clip: f32,
}
@group(0) @binding(0) var<uniform> part: Part;
struct Place { c: u32, y: u32, x: u32 }
fn placeOf(i: u32) -> Place { return Place(i / (part.width * part.height), (i / part.width) % part.height, i % part.width); }
fn inTile(p: Place) -> u32 { return (p.c * part.tileHeight + part.tileTop + p.y) * part.tileWidth + part.tileLeft + p.x; }
fn inRing(p: Place) -> u32 { return (p.c * part.ringRows + (part.ringTop + p.y) % part.ringRows) * part.ringColumns + part.ringLeft + p.x; }
`;

const MAIN = /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < part.channels * part.height * part.width; i += groups.x * ${WORKGROUP}u) { visit(placeOf(i)); }
}`;

const CUT = /* wgsl */ `${PART}
@group(0) @binding(1) var<storage, read> ring: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
fn visit(p: Place) { state[inTile(p)] = ring[inRing(p)]; }
${MAIN}`;

const BLEND = /* wgsl */ `${PART}
@group(0) @binding(1) var<storage, read_write> ring: array<f32>;
@group(0) @binding(2) var<storage, read> state: array<f32>;
@group(0) @binding(3) var<storage, read> output: array<f32>;
@group(0) @binding(4) var<storage, read_write> faults: atomic<u32>;
/** All of its bits are set in infinities and in what is no number; comparisons of floats need not tell. */
const EXPONENT = 0x7f800000u;
fn weight(k: u32, length: u32, rising: u32, falling: u32) -> f32 {
  if (k < rising) { return (f32(k) + 0.5) / f32(rising); }
  if (k + falling >= length) { return 1.0 - (f32(k + falling - length) + 0.5) / f32(falling); }
  return 1.0;
}
fn visit(p: Place) {
  let x0 = output[inTile(p)];
  if ((bitcast<u32>(x0) & EXPONENT) == EXPONENT) { atomicStore(&faults, 1u); }
  let next = part.stateScale * state[inTile(p)] + part.outputScale * x0 + part.clippedScale * clamp(x0, -part.clip, part.clip);
  let x = part.regionLeft + p.x;
  let weighted = weight(p.y, part.height, part.above, part.below) * weight(x, part.regionWidth, part.before, part.after) * next;
  if (p.y < part.above || x < part.before) { ring[inRing(p)] += weighted; } else { ring[inRing(p)] = weighted; }
}
${MAIN}`;

/** The two passes, ready to run. */
export type RingPasses = { readonly cutting: GPUComputePipeline; readonly blending: GPUComputePipeline };

/** Done once for a device. */
export async function compileRingPasses(device: GPUDevice): Promise<RingPasses> {
  const [cutting, blending] = await Promise.all([compile(device, CUT), compile(device, BLEND)]);
  return { cutting, blending };
}

/**
 * Rings take 4 * C * rows * columns bytes each. They are cut into pieces by columns, none longer than `pieceBytes` (one column at least), so that a wide
 * picture does not meet the device's limits.
 */
export function openRings(device: GPUDevice, { cutting, blending }: RingPasses, tile: TileDims, sizes: readonly RingSize[], pieceBytes: number): Rings {
  const rings = sizes.map((size) => createRing(device, tile, size, pieceBytes));
  const uniform = createBuffer(device, 'part', 4 * PART_FIELDS, USAGE.UNIFORM | USAGE.COPY_DST);
  const faults = createBuffer(device, 'faults', 4, USAGE.STORAGE | USAGE.COPY_SRC); // 0 at first, as all buffers are

  /** One pass for each piece of the ring that these columns of the picture lie in. */
  const visit = (pipeline: GPUComputePipeline, { ring, top, left }: RingWindow, part: TilePart, buffers: readonly GPUBuffer[]): void => {
    const { size, pieces } = rings[ring] as Ring; // the plan has it
    for (const piece of pieces) {
      const start = Math.max(left, piece.left);
      const width = Math.min(left + part.width, piece.left + piece.width) - start;
      if (width <= 0) continue;
      const skipped = start - left;
      const fields = [
        ...[tile[1], part.height, width, part.tileTop, part.tileLeft + skipped, tile[2], tile[3]],
        ...[top, start - piece.left, size.rows, piece.width, skipped, part.width, ...part.handOver],
      ];
      device.queue.writeBuffer(uniform, 0, Uint32Array.from([...fields, ...new Uint32Array(Float32Array.from(part.update).buffer)]));
      submit(device, pipeline, [uniform, piece.buffer, ...buffers], tile[1] * part.height * width);
    }
  };
  return {
    faults,
    cut: (from, state) =>
      visit(cutting, from, { tileTop: 0, tileLeft: 0, height: tile[2], width: tile[3], handOver: [0, 0, 0, 0], update: [0, 0, 0, 0] }, [state]),
    blend: ({ handOver: { top, left, bottom, right }, update: { stateScale, outputScale, clippedScale, clip }, ...to }, output, state) =>
      visit(blending, to, { ...to, handOver: [top, left, bottom, right], update: [stateScale, outputScale, clippedScale, clip] }, [state, output, faults]),
    destroy() {
      for (const buffer of [uniform, faults]) buffer.destroy();
      for (const { pieces } of rings) for (const { buffer } of pieces) buffer.destroy();
    },
  };
}

/** Bytes of the longest buffer that a pass of this device may bind. */
export function longestBinding({ limits }: GPUDevice): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

/** A buffer whose size is a multiple of 16, as the runtime wants it. Its label says whose it is. */
export function createBuffer(device: GPUDevice, name: string, bytes: number, usage: number): GPUBuffer {
  return device.createBuffer({ label: `fairweather ${name}`, size: Math.ceil(bytes / 16) * 16, usage });
}

/** `Part`'s fields, 4 bytes each. */
const PART_FIELDS = 21;

/** What a pass visits of a tile, in the order of `Part`. */
type TilePart = {
  readonly tileTop: number;
  readonly tileLeft: number;
  readonly height: number;
  readonly width: number;
  readonly handOver: readonly [above: number, before: number, below: number, after: number];
  readonly update: readonly [stateScale: number, outputScale: number, clippedScale: number, clip: number];
};

/** Pieces [C,rows,width] that follow one another from the left. */
type Ring = { readonly size: RingSize; readonly pieces: readonly { readonly left: number; readonly width: number; readonly buffer: GPUBuffer }[] };

function createRing(device: GPUDevice, [, channels]: TileDims, size: RingSize, pieceBytes: number): Ring {
  const columnBytes = 4 * channels * size.rows;
  const longest = Math.max(1, Math.floor(pieceBytes / columnBytes));
  const pieces = Array.from({ length: Math.ceil(size.columns / longest) }, (_, k) => {
    const left = k * longest;
    const width = Math.min(longest, size.columns - left);
    return { left, width, buffer: createBuffer(device, 'ring', width * columnBytes, USAGE.STORAGE) };
  });
  return { size, pieces };
}

function compile(device: GPUDevice, code: string): Promise<GPUComputePipeline> {
  return device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' } });
}

function submit(device: GPUDevice, pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[], visits: number): void {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.min(MAX_WORKGROUPS, Math.ceil(visits / WORKGROUP)));
  pass.end();
  device.queue.submit([encoder.finish()]);
}
