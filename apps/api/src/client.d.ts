/** Who sends a request, as the API knows it: a key's name, or an address in open mode. */
import type { Scope } from '@fairweather/core/contract';
export type Client = {
    /** `key:<id>` or `address:<ip>`: what fairness and rates go by. */
    readonly id: string;
    /** Name for logs; never the key. */
    readonly name: string;
    readonly scopes: readonly Scope[];
    /** Requests a minute; 0 means no limit. */
    readonly ratePerMinute: number;
};
