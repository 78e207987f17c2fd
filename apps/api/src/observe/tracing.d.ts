/** Requests and the phases of their work -> OpenTelemetry spans, sent by OTLP over HTTP where the environment names a collector. */
import type { Timings } from '@fairweather/core';
import { type Span, type Tracer } from '@opentelemetry/api';
import { type SpanProcessor } from '@opentelemetry/sdk-trace';
export type Tracing = {
    readonly tracer: Tracer;
    /** Sends what has not been sent. */
    close(): Promise<void>;
};
/** Spans to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, with the other standard variables; without one, spans cost nothing. */
export declare function startTracing(environment: Readonly<Record<string, string | undefined>>): Tracing;
/** For tests as well: spans to any processor. */
export declare function traceTo(processor: SpanProcessor, serviceName?: string): Tracing;
/** A span of one request, below the caller's when `traceparent` names one. */
export declare function startRequestSpan(tracer: Tracer, method: string, route: string, headers: Headers): Span;
export declare function endRequestSpan(span: Span, status: number, requestId: string, code: string | undefined): void;
/** The phases of work that has just ended, one behind the other up to now: the inference process measured how long each took. */
export declare function tracePhases(tracer: Tracer, above: Span, waitedMs: number, { total, ...phases }: Timings, endMs?: number): void;
