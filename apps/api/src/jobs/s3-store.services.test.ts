import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBlobStore } from '../../testing/blob-suite.ts';
import { startS3, type TestS3 } from '../../testing/s3-server.ts';
import { createS3Store } from './s3-store.ts';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
}, 240_000);
afterAll(() => s3.close());

describeBlobStore('S3', async () => createS3Store(s3.settings));

it('a link gives the bytes to whoever has it, under their media type', async () => {
  const blobs = createS3Store(s3.settings);
  await blobs.put('a.result', Uint8Array.of(4, 5));
  const link = await blobs.link('a.result', 'image/webp');
  const response = await fetch(link ?? '');
  expect([response.status, response.headers.get('Content-Type'), new Uint8Array(await response.arrayBuffer())]).toEqual([
    200,
    'image/webp',
    Uint8Array.of(4, 5),
  ]);
  expect(Object.fromEntries(new URL(link ?? '').searchParams)).toMatchObject({ 'X-Amz-Expires': '60', 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256' });
  expect(link).not.toContain('secret');
});

it('a bucket that is not there is an error, not an absent blob', async () => {
  const blobs = createS3Store({ ...s3.settings, bucket: 'none' });
  await expect(blobs.put('a.input', Uint8Array.of(1))).rejects.toThrow(/did not keep a.input: status 404/);
});
