import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ROUTES } from '@fairweather/core/contract';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { createFakeApp } from '../../testing/fake-app.ts';
import { startTracing, traceTo } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };

describe('traces', () => {
  it('put a request below its caller, and the phases of its work below the request', async () => {
    const exporter = new InMemorySpanExporter();
    const { tracer } = traceTo(new SimpleSpanProcessor({ exporter }));
    const { app } = await createFakeApp({}, { tracer });
    await app.request(`${ROUTES.restore}?seed=1`, { method: 'POST', body: Uint8Array.of(1), headers });
    const spans = exporter.getFinishedSpans();
    const request = spans.find(({ name }) => name === `POST ${ROUTES.restore}`);
    expect(request?.parentSpanContext?.spanId).toBe(PARENT);
    expect(request?.attributes).toMatchObject({ 'http.route': ROUTES.restore, 'http.response.status_code': 200 });
    const phases = spans.filter((span) => span !== request);
    expect(phases.map(({ name }) => name)).toEqual(['wait', 'read', 'load', 'decode', 'condition', 'restore', 'encode']);
    for (const phase of phases) expect([phase.spanContext().traceId, phase.parentSpanContext?.spanId]).toEqual([TRACE, request?.spanContext().spanId]);
    const restore = phases.find(({ name }) => name === 'restore');
    expect((restore?.duration[1] ?? 0) / 1e6).toBeCloseTo(40, 0); // milliseconds; the clock of spans has whole ones
  });
  it('name the code of what fails, and no path that came in', async () => {
    const exporter = new InMemorySpanExporter();
    const { tracer } = traceTo(new SimpleSpanProcessor({ exporter }));
    const { app } = await createFakeApp({}, { tracer });
    await app.request('/made/up');
    expect(exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([['GET unknown', 'not-found']]);
  });
  it('reach a collector, the last ones at the end', async () => {
    const bodies: string[] = [];
    const collector = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(`${request.url} ${body}`);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint; // the exporter reads the standard variables itself
    try {
      const { tracer, close } = startTracing(process.env);
      const { app } = await createFakeApp({}, { tracer });
      await app.request(ROUTES.models, { headers });
      await close();
      expect(bodies).toEqual([expect.stringMatching(new RegExp(`^/v1/traces .*"traceId":"${TRACE}".*"name":"GET ${ROUTES.models}"`))]);
    } finally {
      delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
      collector.close();
    }
  });
  it('are off without a collector', () => {
    expect(startTracing({}).tracer.startSpan('x').isRecording()).toBe(false);
  });
});
