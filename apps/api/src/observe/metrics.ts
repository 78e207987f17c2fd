/** The engine and the requests -> Prometheus metrics, by prom-client. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
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

const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const PHASE_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** @param status asked at every scrape */
export function createMetrics(status: () => EngineStatus): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({ name: 'fairweather_requests_total', help: 'Answered requests.', labelNames: ['route', 'method', 'status'], registers });
  const durations = new Histogram({
    name: 'fairweather_request_duration_seconds',
    help: 'From the first byte of a request to its answer.',
    labelNames: ['route'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const phases = new Histogram({
    name: 'fairweather_phase_duration_seconds',
    help: 'Phases of finished work: wait is the time in the queue, total that in the inference process.',
    labelNames: ['kind', 'phase', 'backend'],
    buckets: PHASE_BUCKETS,
    registers,
  });
  const gauge = (name: string, help: string, read: (status: EngineStatus) => number): unknown =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(status()));
      },
    });
  gauge('fairweather_ready', 'Whether work is taken: 1 or 0.', ({ state }) => Number(state === 'ready'));
  gauge('fairweather_workers', 'Inference processes that are ready.', ({ workers }) => workers);
  gauge('fairweather_places_taken', 'Uploads, waiting and running work.', ({ taken }) => taken);
  gauge('fairweather_waiting', 'Work that waits for a worker.', ({ waiting }) => waiting);
  gauge('fairweather_running', 'Work in a worker.', ({ running }) => running);
  gauge('fairweather_worker_crashes', 'Inference processes lost since the start.', ({ crashes }) => crashes);

  return {
    request(route, method, code, durationMs) {
      requests.inc({ route, method, status: code });
      durations.observe({ route }, durationMs / 1000);
    },
    work(kind, backend, waitedMs, timings) {
      phases.observe({ kind, backend, phase: 'wait' }, waitedMs / 1000);
      for (const [phase, ms] of Object.entries(timings)) phases.observe({ kind, backend, phase }, ms / 1000);
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
