/** Items of several clients -> one at a time, every client in turn, each client's own items in their order. */
export type FairQueue<T> = {
    /** Items that wait. */
    readonly size: number;
    /** Adds an item behind those of its client. */
    put(client: string, item: T): void;
    /** Adds an item before all others: it has waited already. */
    putFirst(client: string, item: T): void;
    /** The next item; waits for one. `undefined` once the signal aborts. */
    take(signal: AbortSignal): Promise<T | undefined>;
    /** Takes an item out again; false when it is no longer there. */
    remove(client: string, item: T): boolean;
    /** Takes all items out. */
    clear(): readonly T[];
};
export declare function createFairQueue<T>(): FairQueue<T>;
