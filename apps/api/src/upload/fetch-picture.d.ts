import { type CheckedRequestDeps } from '../net/checked-request.ts';
/** @throws ApiError `url-refused`, `url-failed`, `too-large`; the signal's reason */
export type FetchPicture = (url: string, signal: AbortSignal) => Promise<Uint8Array>;
export type FetchSettings = {
    /** As `createCheckedRequest` takes them. */
    readonly hosts: readonly string[];
    readonly maxBytes: number;
    /** For all of it, redirects included. */
    readonly timeoutMs: number;
};
export declare function createPictureFetcher({ hosts, maxBytes, timeoutMs }: FetchSettings, deps?: CheckedRequestDeps): FetchPicture;
