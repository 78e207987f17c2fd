/** Blobs of jobs in a bucket of any S3-compatible storage, by aws4fetch; results can be fetched from there by a signed link. */
import { AwsClient, AwsV4Signer } from 'aws4fetch';
import { type BlobStore, pictureTooLarge, type UploadLink } from './job.ts';

export type S3Settings = {
  /** `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`; buckets are its first path segment. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of a link. */
  readonly linkSeconds: number;
};

const PREFIX = 'fairweather-jobs';
const TIMEOUT_MS = 60_000;

/** What is left behind by a server that ended in between goes by the bucket's own lifecycle rule: `sweep` does nothing. */
export function createS3Store({ endpoint, region, bucket, accessKeyId, secretAccessKey, linkSeconds }: S3Settings): BlobStore {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 3 });
  const addressOf = (name: string): string => `${endpoint.replace(/\/$/, '')}/${bucket}/${PREFIX}/${name}`;
  const send = (name: string, init: RequestInit): Promise<Response> => client.fetch(addressOf(name), { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  return {
    async put(name, bytes) {
      await check(await send(name, { method: 'PUT', body: new Uint8Array(bytes), headers: { 'Content-Type': 'application/octet-stream' } }), 'keep', name);
    },
    async get(name, maxBytes = Number.POSITIVE_INFINITY) {
      const response = await send(name, { method: 'GET' });
      if (response.status === 404) return void (await response.body?.cancel());
      await check(response, 'read', name);
      const bytes = Number(response.headers.get('Content-Length') ?? Number.NaN);
      if (!(bytes <= maxBytes)) {
        await response.body?.cancel();
        throw pictureTooLarge(maxBytes, bytes);
      }
      return new Uint8Array(await response.arrayBuffer());
    },
    async delete(name) {
      const response = await send(name, { method: 'DELETE' });
      if (response.status !== 404) await check(response, 'delete', name);
    },
    async link(name, mediaType) {
      const url = new URL(addressOf(name));
      url.searchParams.set('X-Amz-Expires', String(linkSeconds));
      url.searchParams.set('response-content-type', mediaType);
      return (await client.sign(url.href, { method: 'GET', aws: { signQuery: true } })).url;
    },
    sweep: async () => {},
    uploads: {
      link: linkUpload,
      async size(name) {
        const response = await send(name, { method: 'HEAD' });
        if (response.status === 404) return undefined;
        await check(response, 'find', name);
        return Number(response.headers.get('Content-Length'));
      },
      async copy(from, to) {
        await check(await send(to, { method: 'PUT', headers: { 'x-amz-copy-source': `/${bucket}/${PREFIX}/${from}` } }), 'copy', from);
      },
    },
  };

  /** Its size is signed as well: the storage takes no other. */
  async function linkUpload(name: string, bytes: number): Promise<UploadLink> {
    const headers = { 'Content-Length': String(bytes) };
    const url = new URL(addressOf(name));
    url.searchParams.set('X-Amz-Expires', String(linkSeconds));
    const signer = new AwsV4Signer({
      url: url.href,
      method: 'PUT',
      headers,
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      signQuery: true,
      allHeaders: true,
    });
    return { url: (await signer.sign()).url.href, headers, expiresAt: Date.now() + 1000 * linkSeconds };
  }
}

async function check(response: Response, what: string, name: string): Promise<void> {
  if (response.ok) return;
  throw new Error(`The storage did not ${what} ${name}: status ${response.status}, ${(await response.text()).slice(0, 500)}`);
}
