/** A verified model -> its running graphs. */
import { RestoreError } from '../errors.ts';
import type { Graph, GraphFactory } from './graph.ts';
import type { GraphName, ModelSpec, PictureQuerySpec, StepGraphName, StepQuerySpec } from './model-spec.ts';
import type { LoadedModel } from './model-store.ts';

type Ports = { readonly inputs: readonly string[]; readonly outputs: readonly string[] };

/** What each graph must take and give, by `docs/model-contract.md`. */
const GRAPH_PORTS: Readonly<Record<GraphName, Ports>> = {
  condition: { inputs: ['view', 'patches'], outputs: ['query'] },
  depth: { inputs: ['view'], outputs: ['depth_tokens'] },
  'general-prompts': { inputs: ['depth_tokens'], outputs: ['depth_prompts'] },
  denoiser: { inputs: ['degraded', 'noisy_residual', 'timestep', 'weather_prompts', 'depth_prompts'], outputs: ['residual'] },
};

/** What the encoder hands to the decoder, besides the query for the pool. */
export const ENCODED_FEATURES = ['bottleneck', 'time_embedding', 'intro_features', 'skip_0', 'skip_1', 'skip_2', 'skip_3'] as const;

/** The same for models that query at every step. */
const STEP_GRAPH_PORTS: Readonly<Record<StepGraphName, Ports>> = {
  depth: { inputs: ['view'], outputs: ['depth_tokens'] },
  'general-prompts': { inputs: ['depth_tokens'], outputs: ['depth_prompts', 'depth_key_values'] },
  encoder: { inputs: ['degraded', 'noisy_residual', 'timestep'], outputs: [...ENCODED_FEATURES, 'query'] },
  decoder: { inputs: [...ENCODED_FEATURES, 'weather_key_values', 'depth_key_values', 'degraded'], outputs: ['residual'] },
};

/** The graphs of a model, ready to run. */
export type ModelSessions<S extends ModelSpec = ModelSpec> = {
  readonly name: string;
  readonly spec: S;
  readonly graphs: Readonly<Record<keyof S['graphs'] & string, Graph>>;
  dispose(): Promise<void>;
};

/**
 * Creates the graphs one after another and checks their names; when one fails, those made before it are freed.
 * @throws RestoreError `backend-failed`, `manifest-invalid` when a graph does not take or give what the contract says
 */
export async function openSessions<S extends PictureQuerySpec | StepQuerySpec>(
  model: Pick<LoadedModel, 'name' | 'graphs'>,
  spec: S,
  factory: GraphFactory,
): Promise<ModelSessions<S>> {
  const ports: Readonly<Record<string, Ports>> = spec.promptQuery === 'once' ? GRAPH_PORTS : STEP_GRAPH_PORTS;
  const graphs: Record<string, Graph> = {};
  const dispose = async (): Promise<void> => {
    await Promise.all(Object.values(graphs).map((graph) => graph.dispose()));
  };
  try {
    for (const name of Object.keys(ports)) {
      const { onnx, externalData } = model.graphs[name] as LoadedModel['graphs'][string]; // the manifest's schema asks for each of them
      graphs[name] = await factory.create(`${model.name}/${name}`, onnx, externalData);
      checkPorts(`${model.name}/${name}`, graphs[name], ports[name] as Ports);
    }
    return { name: model.name, spec, graphs: graphs as ModelSessions<S>['graphs'], dispose }; // one for each of the spec's graphs
  } catch (error) {
    await dispose();
    throw error;
  }
}

function checkPorts(name: string, graph: Graph, ports: Ports): void {
  const same = (got: readonly string[], wanted: readonly string[]): boolean => got.length === wanted.length && wanted.every((w) => got.includes(w));
  if (same(graph.inputNames, ports.inputs) && same(graph.outputNames, ports.outputs)) return;
  throw new RestoreError(
    'manifest-invalid',
    `Graph ${name} must take ${ports.inputs.join(', ')} and give ${ports.outputs.join(', ')}; it takes ${graph.inputNames.join(', ')} and gives ${graph.outputNames.join(', ')}. Export the model anew.`,
  );
}
