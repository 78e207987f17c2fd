/** A verified model -> its running graphs. */
import { RestoreError } from '../errors.ts';
import type { Graph, GraphFactory } from './graph.ts';
import type { GraphName, ModelSpec } from './manifest.ts';
import type { LoadedModel } from './model-store.ts';

/** What each graph must take and give, by `docs/model-contract.md`. */
const GRAPH_PORTS: Readonly<Record<GraphName, { readonly inputs: readonly string[]; readonly outputs: readonly string[] }>> = {
  condition: { inputs: ['view', 'patches'], outputs: ['query'] },
  depth: { inputs: ['view'], outputs: ['depth_tokens'] },
  'general-prompts': { inputs: ['depth_tokens'], outputs: ['depth_prompts'] },
  denoiser: { inputs: ['degraded', 'noisy_residual', 'timestep', 'weather_prompts', 'depth_prompts'], outputs: ['residual'] },
};

/** The graphs of a model, ready to run. */
export type ModelSessions = {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly graphs: Readonly<Record<GraphName, Graph>>;
  dispose(): Promise<void>;
};

/**
 * Creates the graphs one after another and checks their names; when one fails, those made before it are freed.
 * @throws RestoreError `backend-failed`, `manifest-invalid` when a graph does not take or give what the contract says
 */
export async function openSessions(model: LoadedModel, factory: GraphFactory): Promise<ModelSessions> {
  const opened: Graph[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(opened.map((graph) => graph.dispose()));
  };
  const open = async (name: GraphName): Promise<Graph> => {
    const graph = await factory.create(`${model.name}/${name}`, model.graphs[name]);
    opened.push(graph);
    checkPorts(`${model.name}/${name}`, graph, GRAPH_PORTS[name]);
    return graph;
  };
  try {
    const graphs = {
      condition: await open('condition'),
      depth: await open('depth'),
      'general-prompts': await open('general-prompts'),
      denoiser: await open('denoiser'),
    };
    return { name: model.name, spec: model.spec, graphs, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function checkPorts(name: string, graph: Graph, ports: { readonly inputs: readonly string[]; readonly outputs: readonly string[] }): void {
  const same = (got: readonly string[], wanted: readonly string[]): boolean => got.length === wanted.length && wanted.every((w) => got.includes(w));
  if (same(graph.inputNames, ports.inputs) && same(graph.outputNames, ports.outputs)) return;
  throw new RestoreError(
    'manifest-invalid',
    `Graph ${name} must take ${ports.inputs.join(', ')} and give ${ports.outputs.join(', ')}; it takes ${graph.inputNames.join(', ')} and gives ${graph.outputNames.join(', ')}. Export the model anew.`,
  );
}
