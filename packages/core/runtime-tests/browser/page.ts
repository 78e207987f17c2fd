/** Runs inside the browser: a backend, the models' address and a picture in planes -> the restored picture in planes. */
import { createWebGraphs } from '../../src/adapter/ort-web.ts';
import { createModelStore } from '../../src/graph/model-store.ts';
import { type GoldenOptions, restoreGolden } from '../../testing/golden-restoration.ts';

/** What the test hands over; plain values, for they cross into the page. */
export type PageTask = {
  readonly backend: 'wasm' | 'webgpu';
  /** URL of the folder with `manifest.json`, with a slash at its end. */
  readonly models: string;
  readonly dims: readonly number[];
  readonly data: readonly number[];
  readonly options: GoldenOptions;
};

export type PageAnswer = { readonly restored: readonly number[]; readonly backend: string; readonly ms: number };

async function restoreInPage({ backend, models, dims, data, options }: PageTask): Promise<PageAnswer> {
  const manifest: unknown = await (await fetch(new URL('manifest.json', models))).json();
  const store = createModelStore(manifest, async (file, { onBytes }) => {
    const bytes = new Uint8Array(await (await fetch(new URL(file, models))).arrayBuffer());
    onBytes(bytes.length);
    return bytes;
  });
  const graphs = await createWebGraphs({ backend });
  const start = performance.now();
  const restored = await restoreGolden(store, graphs, { dims, data: Float32Array.from(data) }, options);
  return { restored: Array.from(restored), backend: graphs.backend, ms: performance.now() - start };
}

declare global {
  /** How the test reaches into the page. */
  var fairweatherRestore: typeof restoreInPage;
}
globalThis.fairweatherRestore = restoreInPage;
