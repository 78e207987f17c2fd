/** A pool file (little-endian float32, tensors one after another) -> their numbers. */

/** @param dims of each tensor, in the file's order; the manifest has been held to the file's size */
export function readPoolTensors<D extends readonly (readonly number[])[]>(bytes: Uint8Array, dims: readonly [...D]): { readonly [K in keyof D]: Float32Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const read = (shape: readonly number[]): Float32Array => {
    const numbers = new Float32Array(shape.reduce((product, d) => product * d, 1));
    for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * at++, true);
    return numbers;
  };
  return dims.map(read) as { readonly [K in keyof D]: Float32Array }; // one per dims
}
