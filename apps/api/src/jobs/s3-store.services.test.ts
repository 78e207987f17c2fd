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

it('a blob that is larger than wanted is not read', async () => {
  const blobs = createS3Store(s3.settings);
  await blobs.put('large.input', new Uint8Array(1000));
  expect((await blobs.get('large.input', 1000))?.length).toBe(1000);
  await expect(blobs.get('large.input', 999)).rejects.toMatchObject({ code: 'too-large' });
});

it('the address for an upload is bound to its size by the signature', async () => {
  const { uploads } = createS3Store(s3.settings);
  const { url, headers } = (await uploads?.link('up.upload', 5)) ?? { url: '', headers: {} };
  const { url: other } = (await uploads?.link('up.upload', 6)) ?? { url: '' };
  expect([headers, new URL(url).searchParams.get('X-Amz-SignedHeaders')]).toEqual([{ 'Content-Length': '5' }, 'content-length;host']);
  expect(new URL(url).searchParams.get('X-Amz-Signature')).not.toBe(new URL(other).searchParams.get('X-Amz-Signature'));
  expect(await uploads?.size('up.upload')).toBeUndefined();
  expect((await fetch(url, { method: 'PUT', headers, body: 'hello' })).status).toBe(200);
  expect(await uploads?.size('up.upload')).toBe(5);
  await uploads?.copy('up.upload', 'copied.input');
  expect(new TextDecoder().decode(await createS3Store(s3.settings).get('copied.input'))).toBe('hello');
});
