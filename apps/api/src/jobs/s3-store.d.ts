import { type BlobStore } from './job.ts';
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
/** What is left behind by a server that ended in between goes by the bucket's own lifecycle rule: `sweep` does nothing. */
export declare function createS3Store({ endpoint, region, bucket, accessKeyId, secretAccessKey, linkSeconds }: S3Settings): BlobStore;
