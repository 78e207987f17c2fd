/** Runs inside the browser: the address of converted models, opened once; then a graph's name and what it takes -> what it gives. */
import { createWebGraphs } from '../../src/adapter/ort-web.ts';
import { createModelStore } from '../../src/graph/model-store.ts';
import { openModel } from '../../src/open-model.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { packTensors, type PackedTensors, unpackTensors } from './packed-tensors.ts';

let graphs: Readonly<Record<string, Graph>> = {};

/** @param models URL of the folder with `manifest.json`, with a slash at its end */
async function openInPage(models: string, backend: 'wasm' | 'webgpu'): Promise<string> {
  const manifest: unknown = await (await fetch(new URL('manifest.json', models))).json();
  const store = createModelStore(manifest, async (file, { onBytes }) => {
    const bytes = new Uint8Array(await (await fetch(new URL(file, models))).arrayBuffer());
    onBytes(bytes.length);
    return bytes;
  });
  const factory = await createWebGraphs({ backend });
  graphs = (await openModel(store, factory, { precision: 'fp32' })).graphs;
  return factory.backend;
}

async function runInPage(graph: string, feeds: PackedTensors): Promise<PackedTensors> {
  const opened = graphs[graph];
  if (opened === undefined) throw new Error(`There is no graph ${graph}; there are ${Object.keys(graphs).join(', ')}.`);
  return packTensors(await opened.run(unpackTensors(feeds)));
}

declare global {
  /** How the test reaches into the page. */
  var fairweatherGraphs: { readonly open: typeof openInPage; readonly run: typeof runInPage };
}
globalThis.fairweatherGraphs = { open: openInPage, run: runInPage };
