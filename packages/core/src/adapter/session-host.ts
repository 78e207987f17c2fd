/** Places where sessions can live, in order of preference -> a graph factory on the first of them that works. */
import { RestoreError } from '../errors.ts';
import type { ExternalData, Graph, GraphFactory } from '../graph/graph.ts';
import type { OrtSession } from './ort-session.ts';

/** What opens sessions on one execution provider: this thread, or a worker. */
export type SessionHost = { open(onnx: Uint8Array, externalData: readonly ExternalData[]): Promise<OrtSession>; close(): Promise<void> };

/**
 * The first graph settles which backend works; all later graphs use the same. When none works the last one's error is thrown, and the next
 * graph tries again.
 * @param backends at least one, the preferred first
 */
export function createHostedGraphs<B extends string>(backends: readonly [B, ...B[]], startHost: (backend: B) => SessionHost): GraphFactory {
  let settled: { readonly backend: B; readonly host: SessionHost } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const openNow = async (onnx: Uint8Array, externalData: readonly ExternalData[]): Promise<OrtSession> => {
    if (settled !== undefined) return settled.host.open(onnx, externalData);
    let failure: unknown;
    for (const backend of backends) {
      const host = startHost(backend);
      try {
        const session = await host.open(onnx, externalData);
        settled = { backend, host };
        return session;
      } catch (error) {
        failure = error;
        await host.close();
      }
    }
    throw failure;
  };
  /** One after another, so that two first graphs do not settle on two hosts. */
  const open = (onnx: Uint8Array, externalData: readonly ExternalData[]): Promise<OrtSession> => {
    const result = queue.then(() => openNow(onnx, externalData));
    const goOn = (): void => {}; // the next one only waits; this one's error is its caller's
    queue = result.then(goOn, goOn);
    return result;
  };

  return {
    get backend() {
      return settled?.backend ?? backends[0];
    },
    async create(name, onnx, externalData = []) {
      const session = await open(onnx, externalData).catch((cause: unknown) => {
        throw failed(`Graph ${name} could not be loaded`, cause);
      });
      return asGraph(name, session);
    },
    async dispose() {
      await settled?.host.close();
      settled = undefined;
    },
  };
}

function asGraph(name: string, session: OrtSession): Graph {
  let release: Promise<void> | undefined;
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds, into) =>
      session.run(feeds, into).catch((cause: unknown) => {
        throw failed(`Graph ${name} could not be run`, cause);
      }),
    ...(session.memory === undefined ? {} : { memory: session.memory }),
    dispose: () => {
      release ??= session.release();
      return release;
    },
  };
}

function failed(what: string, cause: unknown): RestoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RestoreError('backend-failed', `${what}: ${reason}`, { cause });
}
