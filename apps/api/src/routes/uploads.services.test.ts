/** Pictures that go into the storage past the server, and results that come out of it past the server: the real server, a real S3 server (moto). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HEADERS, type JobMessage, type JobsMessage, type Problem, ROUTES, type UploadMessage } from '@fairweather/core/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchResult, findJob } from '../../testing/job-client.ts';
import { startS3, type TestS3 } from '../../testing/s3-server.ts';
import { type ServerProcess, startServerProcess } from '../../testing/server-process.ts';
import { paintPicture } from '../../testing/test-server.ts';

const PATIENT = { timeout: 60_000, interval: 50 };
let [s3, server, folder]: [TestS3 | undefined, ServerProcess | undefined, string] = [undefined, undefined, ''];
const picture = await paintPicture(120, 90);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairweather-uploads-'));
  s3 = await startS3();
  const { endpoint, bucket, accessKeyId, secretAccessKey } = s3.settings;
  server = await startServerProcess({
    FAIRWEATHER_JOBS_DIR: folder,
    FAIRWEATHER_MAX_BODY_BYTES: '2048', // the pictures are larger
    S3_ENDPOINT: endpoint,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_MAX_UPLOAD_BYTES: String(picture.length),
    S3_LINK_FROM_BYTES: '1000',
  });
}, 240_000);
afterAll(async () => {
  await server?.kill();
  await s3?.close();
  await rm(folder, { recursive: true });
});

const send = (path: string, init?: RequestInit): Promise<Response> => fetch(`${server?.url}${path}`, init);
const problemOf = async (response: Response): Promise<Pick<Problem, 'status' | 'code'>> => {
  const { status, code } = (await response.json()) as Problem;
  return { status, code };
};
const offer = async (bytes: number): Promise<UploadMessage> => {
  const response = await send(`${ROUTES.uploads}?bytes=${bytes}`, { method: 'POST' });
  expect(response.status).toBe(201);
  return (await response.json()) as UploadMessage;
};
const put = async ({ url, method, headers }: UploadMessage, body: Uint8Array<ArrayBuffer>): Promise<void> => {
  expect((await fetch(url, { method, headers: { ...headers, 'Content-Length': String(body.length) }, body })).status).toBe(200);
};
const handIn = (uploads: readonly string[], headers: Record<string, string> = {}): Promise<Response> =>
  send(`${ROUTES.jobs}?seed=3`, { method: 'POST', body: JSON.stringify({ uploads }), headers: { 'Content-Type': 'application/json', ...headers } });

describe('a picture that is larger than a request may be', () => {
  it('is put into the storage, handed in by its id, restored, and fetched from the storage', async () => {
    expect(await problemOf(await send(ROUTES.jobs, { method: 'POST', body: picture }))).toEqual({ status: 413, code: 'too-large' });
    const upload = await offer(picture.length);
    expect(new URL(upload.url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host'); // the storage holds its client to the size
    await put(upload, picture);
    const key = { [HEADERS.idempotencyKey]: 'large-1' };
    const accepted = await handIn([upload.id], key);
    const [job] = ((await accepted.json()) as JobsMessage).jobs;
    if (job === undefined) throw new Error('No job came.');
    const again = await handIn([upload.id], key);
    expect([accepted.status, again.headers.get(HEADERS.idempotencyReplayed), ((await again.json()) as JobsMessage).jobs[0]?.id]).toEqual([202, 'true', job.id]);
    await expect.poll(async () => (await findJob(server?.url ?? '', job))?.state, PATIENT).toBe('done');
    const result = await send(job.links.result, { redirect: 'manual' });
    expect([result.status, new URL(result.headers.get('Location') ?? '').origin]).toEqual([303, s3?.settings.endpoint]);
    expect((await fetchResult(server?.url ?? '', job)).subarray(1, 4)).toEqual(new TextEncoder().encode('PNG'));
    expect(await problemOf(await handIn([upload.id]))).toEqual({ status: 404, code: 'not-found' }); // nothing of it is kept
  });
  it('is refused before it is sent, when it is too large', async () => {
    expect(await problemOf(await send(`${ROUTES.uploads}?bytes=${picture.length + 1}`, { method: 'POST' }))).toEqual({ status: 413, code: 'too-large' });
  });
  it('is refused unread when its client put something else there, nothing, or never', async () => {
    const [larger, empty, never] = [await offer(10), await offer(10), await offer(10)];
    await put(larger, new Uint8Array(picture.length + 1)); // moto checks no signature; what S3 refuses, the server refuses
    await put(empty, new Uint8Array());
    expect(await problemOf(await handIn([larger.id]))).toEqual({ status: 413, code: 'too-large' });
    expect(await problemOf(await handIn([empty.id]))).toEqual({ status: 400, code: 'empty-input' });
    expect(await problemOf(await handIn([never.id]))).toEqual({ status: 404, code: 'not-found' });
    expect(await problemOf(await handIn(['../secret']))).toEqual({ status: 400, code: 'bad-request' });
  });
  it('is a copy of its own once it was handed in: what is put there later changes nothing', async () => {
    const upload = await offer(picture.length);
    await put(upload, picture);
    const [job] = ((await (await handIn([upload.id])).json()) as { readonly jobs: readonly [JobMessage] }).jobs;
    await put(upload, new Uint8Array(picture.length + 1));
    await expect.poll(async () => (await findJob(server?.url ?? '', job))?.state, PATIENT).toBe('done');
  });
});
