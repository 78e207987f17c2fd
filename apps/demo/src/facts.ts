/** A report -> a sentence on where and how fast a picture was restored, and the details behind it. */
import type { RestoreReport } from '@fairweather/sdk';

export type Facts = { readonly summary: string; readonly details: readonly string[] };

export function describeRun({ run, timings, model, backend, precision, input, output, tiles, warnings }: RestoreReport): Facts {
  return {
    summary: `Restored ${PLACES[run.engine]} in ${seconds(timings.total)}.`,
    details: [
      `Model ${model.name} ${model.version}, ${precision}, on ${backend}${run.threads === undefined ? '' : ` with ${count(run.threads, 'thread')}`}`,
      `${input.width} × ${input.height} pixels of ${input.format}, in ${count(tiles.count, 'tile')}; ${(output.bytes / 1000).toFixed(0)} kB of ${output.format}`,
      `Time by phase: ${Object.entries(timings)
        .filter(([phase]) => phase !== 'total')
        .map(([phase, ms]) => `${phase} ${seconds(ms)}`)
        .join(', ')}`,
      ...run.fallbacks.map(({ from, to, reason }) => `From ${from} to ${to}: ${reason}`),
      ...warnings.map(({ message }) => message),
      ...run.notes,
    ],
  };
}

const PLACES: Readonly<Record<RestoreReport['run']['engine'], string>> = {
  remote: 'on the server',
  webgpu: 'on this device, by WebGPU,',
  wasm: 'on this device, by WebAssembly,',
  node: 'on this device',
};

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 100 ? 2 : 1)} s`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
