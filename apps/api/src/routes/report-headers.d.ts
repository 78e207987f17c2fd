/** A report -> the headers that carry it beside a picture: phases, weather, model, engine, warnings. */
import type { InspectResult } from '@fairweather/core';
type HeaderDescriptions = Record<string, {
    description: string;
    schema: {
        type: 'string';
    };
}>;
/** @param waitedMs time in the queue */
export declare function reportHeaders({ timings, weather, model, backend, warnings }: InspectResult, waitedMs: number): Record<string, string>;
export declare function describeReportHeaders(): HeaderDescriptions;
export {};
