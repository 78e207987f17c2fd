import type { FetchPicture } from './fetch-picture.ts';
export type UploadLimits = {
    readonly maxBodyBytes: number;
    /** The whole body must have come by then. */
    readonly bodyTimeoutMs: number;
};
export type Uploads = {
    readonly images: readonly Uint8Array[] /** Ids of pictures that lie in the storage. */;
    readonly uploads?: readonly string[];
    readonly fields: Readonly<Record<string, string>>;
};
export type Upload = {
    readonly image: Uint8Array;
    readonly fields: Readonly<Record<string, string>>;
};
/**
 * The picture is the body itself, or the part `image` of `multipart/form-data`; what it is tells its content, not its declared type.
 * @param fetchPicture where pictures may be named by address: then `{"url":"https://..."}` as `application/json` is one too
 * @throws ApiError `too-large`, `request-timeout`, `bad-request`, `empty-input`, `url-refused`, `url-failed`; the signal's reason
 */
export declare function readUpload(request: Request, limits: UploadLimits, fetchPicture?: FetchPicture): Promise<Upload>;
/**
 * One picture or, as several parts `image` of a form, more of them; none is empty.
 * @param byUpload whether `{"uploads":["up_..."]}` as `application/json` may name pictures that lie in the storage
 * @throws as `readUpload`
 */
export declare function readUploads(request: Request, { maxBodyBytes, bodyTimeoutMs }: UploadLimits, fetchPicture?: FetchPicture, byUpload?: boolean): Promise<Uploads>;
