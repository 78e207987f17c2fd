/** A manifest, and manifests of models in folders of their own beside it -> one manifest. */
import { parseManifest } from './manifest.ts';
import type { GraphFile, GraphFiles, Manifest, ModelFile, ModelSpec } from './model-spec.ts';

/**
 * Where two name a model, the first one's stays. JSON that is no manifest of models at all (other things have a `manifest.json` too) is passed over.
 * @param beside parsed JSON by folder: `{ t3: json }`; what is named in it lies below that folder
 * @throws RestoreError `manifest-invalid`
 */
export function addManifests(manifest: Manifest, beside: Readonly<Record<string, unknown>>): Manifest {
  const models: Record<string, ModelSpec> = { ...manifest.models };
  for (const [folder, json] of Object.entries(beside).filter(([, content]) => hasModels(content)))
    for (const [name, spec] of Object.entries(parseManifest(json, `${folder}/manifest.json`).models)) models[name] ??= placeModel(spec, folder);
  return { ...manifest, models };
}

function hasModels(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'models' in json && 'defaultModel' in json;
}

/** The same model with its files below a folder. */
function placeModel(spec: ModelSpec, folder: string): ModelSpec {
  const place = <F extends ModelFile>(file: F): F => ({ ...file, file: `${folder}/${file.file}` });
  const placeGraph = ({ externalData, ...file }: GraphFile): GraphFile => ({
    ...place(file),
    ...(externalData === undefined ? {} : { externalData: externalData.map(place) }),
  });
  const graphs = Object.entries<GraphFiles>(spec.graphs).map(([name, { fp32, fp16 }]) => [
    name,
    { fp32: placeGraph(fp32), ...(fp16 === undefined ? {} : { fp16: placeGraph(fp16) }) },
  ]);
  const card = spec.card === undefined ? {} : { card: `${folder}/${spec.card}` };
  return { ...spec, ...card, graphs: Object.fromEntries(graphs), promptPool: place(spec.promptPool) } as ModelSpec; // names of graphs and fields are the same
}
