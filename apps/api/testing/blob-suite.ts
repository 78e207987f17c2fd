/** What every store of blobs must do: one suite for all of them. */
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../src/jobs/job.ts';

export function describeBlobStore(name: string, open: () => Promise<BlobStore>): void {
  describe(`blobs in ${name}`, () => {
    const large = Uint8Array.from({ length: 9_000_000 }, (_, i) => (i * 31 + (i >> 12)) & 255);
    it('come back byte by byte, small and large, until they are deleted', async () => {
      const blobs = await open();
      await blobs.put('small.input', Uint8Array.of(1, 2, 3));
      await blobs.put('large.result', large);
      expect(await blobs.get('small.input')).toEqual(Uint8Array.of(1, 2, 3));
      expect(Buffer.compare((await blobs.get('large.result')) ?? Buffer.alloc(0), large)).toBe(0);
      await blobs.delete('small.input');
      expect(await blobs.get('small.input')).toBeUndefined();
    });
    it('that are not there are nothing, and deleting them is no error', async () => {
      const blobs = await open();
      await blobs.delete('none.input');
      expect(await blobs.get('none.input')).toBeUndefined();
    });
    it('put again are the new ones', async () => {
      const blobs = await open();
      await blobs.put('a.result', Uint8Array.of(1));
      await blobs.put('a.result', Uint8Array.of(2));
      expect(await blobs.get('a.result')).toEqual(Uint8Array.of(2));
    });
  });
}
