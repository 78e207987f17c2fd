/** Chunks of a body and their length in all, in bytes -> one array of it. */
export declare function joinBytes(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer>;
