/** A report -> the headers that carry it beside a picture: phases, weather, model, engine, warnings. */
import type { InspectResult } from '@fairweather/core';
import { HEADERS } from '@fairweather/core/contract';

type HeaderDescriptions = Record<string, { description: string; schema: { type: 'string' } }>;

/** @param waitedMs time in the queue */
export function reportHeaders({ timings, weather, model, backend, warnings }: InspectResult, waitedMs: number): Record<string, string> {
  const phases = Object.entries({ wait: waitedMs, ...timings }).map(([phase, ms]) => `${phase};dur=${ms.toFixed(1)}`);
  const found = weather.map(({ weather: name, presence, share }) => `${name};presence=${decimal(presence)};share=${decimal(share)}`);
  return {
    'Server-Timing': phases.join(', '),
    [HEADERS.weather]: found.join(', '),
    [HEADERS.model]: `${model.name}/${model.version}`,
    [HEADERS.backend]: backend,
    ...(warnings.length === 0 ? {} : { [HEADERS.warnings]: warnings.map(({ code }) => code).join(', ') }),
  };
}

export function describeReportHeaders(): HeaderDescriptions {
  const text = (description: string): HeaderDescriptions[string] => ({ description, schema: { type: 'string' } });
  return {
    [HEADERS.requestId]: text('Names this request in logs.'),
    'Server-Timing': text('Milliseconds by phase; `wait` is the time in the queue.'),
    [HEADERS.weather]: text('The weather report as a structured list.'),
    [HEADERS.model]: text('Name and version of the model.'),
    [HEADERS.backend]: text('Execution provider.'),
  };
}

/** A decimal of RFC 9651: at most three digits behind the point. */
function decimal(value: number): string {
  return value.toFixed(3);
}
