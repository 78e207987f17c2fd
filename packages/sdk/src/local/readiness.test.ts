import { describe, expect, it } from 'vitest';
import { RestoreError } from '../errors.ts';
import type { PageManifest } from './manifest.ts';
import type { StartedFacts, WebBackend } from './messages.ts';
import { createReadiness } from './readiness.ts';
import type { LiveWorker, Workers } from './workers.ts';

const manifest: PageManifest = { json: {}, defaultModel: 'small', models: { small: { graphs: { denoiser: { fp32: { file: 'a', sha256: '', bytes: 1 } } } } } };
const offline = new RestoreError('offline', 'There is no network.');
const damaged = new RestoreError('backend-failed', 'The adapter was lost.');

/** Workers that open a model unless a fault stands against their backend. */
function scriptWorkers(faults: Partial<Record<WebBackend, Error>>): Workers {
  const facts: StartedFacts = { threads: 1, precisions: ['fp32', 'fp16'] };
  return {
    get: async (): Promise<LiveWorker> => ({ facts, opened: new Map() }) as unknown as LiveWorker, // its client is never called
    async open(_, backend, __, { model, precision }) {
      const fault = faults[backend];
      if (fault !== undefined) throw fault;
      return { engine: { backend, precision, model: { name: model, version: '1.0.0' } } } as unknown as Awaited<ReturnType<Workers['open']>>; // what is read here
    },
    end() {},
  };
}
const find = (readiness: ReturnType<typeof createReadiness>) =>
  readiness.find(manifest, 'small', undefined, { signal: new AbortController().signal, tell: () => {} });

describe('the way of working that is found', () => {
  it('is one whose files are here when there is no network, and the preferred one again when there is', async () => {
    const faults: Partial<Record<WebBackend, Error>> = { webgpu: offline };
    const readiness = createReadiness(['webgpu', 'wasm'], scriptWorkers(faults));
    const { rung, fallbacks } = await find(readiness);
    expect([rung.backend, fallbacks]).toEqual(['wasm', [{ from: 'webgpu fp32', to: 'wasm', reason: 'There is no network.' }]]);
    delete faults.webgpu;
    expect((await find(readiness)).rung.backend).toBe('webgpu');
  });
  it('is none without a network and without files: the network is what is missing, not an engine', async () => {
    await expect(find(createReadiness(['webgpu', 'wasm'], scriptWorkers({ webgpu: damaged, wasm: offline })))).rejects.toBe(offline);
  });
  it('stays left once it has failed by itself', async () => {
    const faults: Partial<Record<WebBackend, Error>> = { webgpu: damaged };
    const readiness = createReadiness(['webgpu', 'wasm'], scriptWorkers(faults));
    expect((await find(readiness)).rung.backend).toBe('wasm');
    delete faults.webgpu;
    expect((await find(readiness)).rung.backend).toBe('wasm');
  });
});
