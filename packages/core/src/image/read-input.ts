/** What the caller handed over -> its bytes; a Blob's size is checked before it is read. */
import { RestoreError } from '../errors.ts';

/** @throws RestoreError `too-large`, `invalid-option` when the input is neither bytes nor a Blob */
export async function readInput(input: Uint8Array | Blob, maxBytes: number): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input;
  if (!(input instanceof Blob)) throw new RestoreError('invalid-option', `The input must be a Uint8Array or a Blob, got ${typeof input}; read the file first.`);
  if (input.size > maxBytes)
    throw new RestoreError('too-large', `The file may have ${maxBytes} bytes, it has ${input.size}; raise limits.maxBytes or send a smaller file.`, {
      details: { bytes: input.size, maxBytes },
    });
  return new Uint8Array(await input.arrayBuffer());
}
