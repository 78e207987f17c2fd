/** Tensors -> text that crosses into a page and back, every bit kept. */
import type { Tensor } from '../../src/tensor/tensor.ts';

/** Dims, and little-endian float32 in base64, by name. */
export type PackedTensors = Readonly<Record<string, { readonly dims: readonly number[]; readonly layout: Tensor['layout']; readonly base64: string }>>;

/** Outputs have no layout; theirs is made up. */
export function packTensors(
  tensors: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array; readonly layout?: Tensor['layout'] }>>,
): PackedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dims, data, layout = 'N' }]) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      let text = '';
      for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
      return [name, { dims, layout, base64: btoa(text) }];
    }),
  );
}

export function unpackTensors(packed: PackedTensors): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    Object.entries(packed).map(([name, { dims, layout, base64 }]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      return [name, { dims, layout, data: new Float32Array(bytes.buffer) }];
    }),
  );
}
