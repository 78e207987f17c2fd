/** Requests and the phases of their work -> OpenTelemetry spans, sent by OTLP over HTTP where the environment names a collector. */
import type { Timings } from '@fairweather/core';
import { type Context as TraceContext, defaultTextMapGetter, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

export type Tracing = {
  readonly tracer: Tracer;
  /** Sends what has not been sent. */
  close(): Promise<void>;
};

/** Spans to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, with the other standard variables; without one, spans cost nothing. */
export function startTracing(environment: Readonly<Record<string, string | undefined>>): Tracing {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_SERVICE_NAME: name } = environment;
  if (!all && !traces) return { tracer: trace.getTracer('fairweather'), close: () => Promise.resolve() };
  return traceTo(new BatchSpanProcessor({ exporter: new OTLPTraceExporter() }), name);
}

/** For tests as well: spans to any processor. */
export function traceTo(processor: SpanProcessor, serviceName = 'fairweather'): Tracing {
  const provider = new TracerProvider({ resource: resourceFromAttributes({ 'service.name': serviceName }), spanProcessors: [processor] });
  return { tracer: provider.getTracer('fairweather'), close: () => provider.shutdown() };
}

const propagator = new W3CTraceContextPropagator();

/** A span of one request, below the caller's when `traceparent` names one. */
export function startRequestSpan(tracer: Tracer, method: string, route: string, headers: Headers): Span {
  const above: TraceContext = propagator.extract(ROOT_CONTEXT, Object.fromEntries(headers), defaultTextMapGetter);
  return tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } }, above);
}

export function endRequestSpan(span: Span, status: number, requestId: string, code: string | undefined): void {
  span.setAttributes({ 'http.response.status_code': status, 'fairweather.request_id': requestId, ...(code === undefined ? {} : { 'error.type': code }) });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** The phases of work that has just ended, one behind the other up to now: the inference process measured how long each took. */
export function tracePhases(tracer: Tracer, above: Span, waitedMs: number, { total, ...phases }: Timings, endMs: number = Date.now()): void {
  const context = trace.setSpan(ROOT_CONTEXT, above);
  let at = endMs - total - waitedMs;
  for (const [phase, ms] of Object.entries({ wait: waitedMs, ...phases })) {
    tracer.startSpan(phase, { startTime: at }, context).end(at + ms);
    at += ms;
  }
}
