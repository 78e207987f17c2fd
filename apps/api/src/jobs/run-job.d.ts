import type { Engine } from '../engine/engine.ts';
import { type BlobStore, type JobHandlers } from './job.ts';
export declare function createJobRunner({ engine, blobs }: { readonly engine: Engine; readonly blobs: BlobStore }): JobHandlers['run'];
