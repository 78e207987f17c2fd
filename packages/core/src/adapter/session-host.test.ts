import { describe, expect, it } from 'vitest';
import type { OrtSession } from './ort-session.ts';
import { createHostedGraphs, type SessionHost } from './session-host.ts';

const session: OrtSession = { inputNames: ['x'], outputNames: ['y'], run: async () => ({}), release: async () => {} };

/** Hosts that work or not, by their backend; writes down what happens to them. */
function hosts(works: Readonly<Record<string, boolean>>) {
  const log: string[] = [];
  const startHost = (backend: string): SessionHost => {
    log.push(`start ${backend}`);
    return {
      async open() {
        if (!works[backend]) throw new Error(`${backend} is not there`);
        log.push(`open ${backend}`);
        return session;
      },
      async close() {
        log.push(`close ${backend}`);
      },
    };
  };
  return { log, startHost };
}

const onnx = new Uint8Array(1);

describe('graphs on hosts', () => {
  it('use the preferred backend where it works', async () => {
    const { log, startHost } = hosts({ cuda: true, cpu: true });
    const graphs = createHostedGraphs(['cuda', 'cpu'], startHost);
    await graphs.create('a', onnx);
    await graphs.create('b', onnx);
    expect(graphs.backend).toBe('cuda');
    expect(log).toEqual(['start cuda', 'open cuda', 'open cuda']);
  });
  it('fall to the next one where it does not, and close what was started', async () => {
    const { log, startHost } = hosts({ cuda: false, cpu: true });
    const graphs = createHostedGraphs(['cuda', 'cpu'], startHost);
    await graphs.create('a', onnx);
    expect(graphs.backend).toBe('cpu');
    expect(log).toEqual(['start cuda', 'close cuda', 'start cpu', 'open cpu']);
  });
  it('settle once, also when two are asked for at the same time', async () => {
    const { log, startHost } = hosts({ cpu: true });
    const graphs = createHostedGraphs(['cpu'], startHost);
    await Promise.all([graphs.create('a', onnx), graphs.create('b', onnx)]);
    expect(log).toEqual(['start cpu', 'open cpu', 'open cpu']);
  });
  it('fail with a typed error when none works, and try again the next time', async () => {
    const works = { cpu: false };
    const { startHost } = hosts(works);
    const graphs = createHostedGraphs(['cpu'], startHost);
    await expect(graphs.create('a', onnx)).rejects.toMatchObject({ code: 'backend-failed', message: 'Graph a could not be loaded: cpu is not there' });
    works.cpu = true;
    await expect(graphs.create('a', onnx)).resolves.toMatchObject({ inputNames: ['x'] });
  });
  it('close their host when disposed of', async () => {
    const { log, startHost } = hosts({ cpu: true });
    const graphs = createHostedGraphs(['cpu'], startHost);
    await graphs.create('a', onnx);
    await graphs.dispose();
    expect(log.at(-1)).toBe('close cpu');
  });
});
