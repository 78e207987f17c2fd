import { type BlobStore } from './job.ts';
export declare function openFolderStore(folder: string): Promise<BlobStore>;
