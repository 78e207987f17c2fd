/** Normal noise as a function of seed and image coordinate: a plate of 3x256x256 numbers, repeated over the picture. */
import { type Tensor, tensor } from './tensor.ts';

const PLATE_SIDE = 256;
const UNIFORMS = 12;

/** A plate of normal numbers [3,256,256], row-major. */
export type NoisePlate = Float32Array;

/**
 * The plate of a 32-bit seed. Each number is the sum of twelve 24-bit uniform numbers, exact in integers and rounded once, so that every
 * language gives the same bits: mean 0, variance 1, range -6 to 6.
 * Source: Irwin-Hall distribution; `docs/model-contract.md`, "Noise".
 */
export function createNoisePlate(seed: number): NoisePlate {
  const plate = new Float32Array(3 * PLATE_SIDE * PLATE_SIDE);
  const key = hash32(seed);
  for (let i = 0, counter = 0; i < plate.length; i++) {
    let sum = 0;
    for (let j = 0; j < UNIFORMS; j++) sum += hash32(counter++ ^ key) >>> 8;
    plate[i] = (sum - 6 * 2 ** 24 + 6) / 2 ** 24;
  }
  return plate;
}

/**
 * The part of the repeated plate that lies over a window of the picture.
 * @param noise where the numbers go, 3 * height * width of them. @default new memory
 * @returns [1,3,height,width]
 */
export function cutNoise(
  plate: NoisePlate,
  { top, left, height, width }: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
  noise: Float32Array = new Float32Array(3 * height * width),
): Tensor<'NCHW'> {
  for (let c = 0; c < 3; c++) {
    const start = c * height * width;
    const own = Math.min(height, PLATE_SIDE); // rows that are not those of PLATE_SIDE rows above
    let at = start;
    for (let y = top; y < top + own; y++) {
      const row = (c * PLATE_SIDE + (y % PLATE_SIDE)) * PLATE_SIDE;
      for (let x = left; x < left + width; ) {
        const column = x % PLATE_SIDE;
        const run = Math.min(PLATE_SIDE - column, left + width - x);
        noise.set(plate.subarray(row + column, row + column + run), at);
        x += run;
        at += run;
      }
    }
    for (let rows = own; rows < height; rows += own) noise.copyWithin(start + rows * width, start, start + Math.min(own, height - rows) * width);
  }
  return tensor('NCHW', [1, 3, height, width], noise);
}

/** A 32-bit integer hash, unsigned. Source: Chris Wellons, lowbias32. */
export function hash32(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
