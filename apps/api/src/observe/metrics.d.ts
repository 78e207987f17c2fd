import type { Timings } from '@fairweather/core';
import type { EngineStatus } from '../engine/engine.ts';
export type Metrics = {
    /** One answered request. `route` is a pattern of ours, never a path that came in. */
    request(route: string, method: string, status: number, durationMs: number): void;
    /** One piece of finished work. */
    work(kind: 'restore' | 'inspect', backend: string, waitedMs: number, timings: Timings): void;
    /** Text in the format `contentType` names. */
    render(): Promise<string>;
    readonly contentType: string;
};
/** @param status asked at every scrape */
export declare function createMetrics(status: () => EngineStatus): Metrics;
