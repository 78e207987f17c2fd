import type { ClientRequest, IncomingMessage } from 'node:http';
import { type RequestOptions } from 'node:https';
export type CheckedRequest = {
    /** @throws ApiError `url-refused` */
    check(url: string): URL;
    /** Follows no redirect. @throws ApiError `url-refused`; whatever the connection throws */
    send(url: URL, options: {
        readonly signal: AbortSignal;
        readonly method?: string;
        readonly headers?: Readonly<Record<string, string>>;
        readonly body?: string;
    }): Promise<IncomingMessage>;
};
export type CheckedRequestDeps = {
    /** All addresses of a name. @default the system's resolver */
    readonly resolve?: (name: string) => Promise<readonly string[]>;
    /** @default isPublicAddress */
    readonly isPublic?: (address: string) => boolean;
    /** Opens the connection. @default that of node:https */
    readonly request?: (url: URL, options: RequestOptions, answered: (response: IncomingMessage) => void) => ClientRequest;
};
/** @param hosts `images.example.com`, or `*.example.com` for all below it, or `*` for all; with `:8443` for another port than 443 */
export declare function createCheckedRequest(hosts: readonly string[], { resolve, isPublic, request }?: CheckedRequestDeps): CheckedRequest;
/** Whether an address is one of the internet's own: not private, local, mapped, translated or kept for something else. */
export declare function isPublicAddress(address: string): boolean;
