/** The whole way from pixels to pixels in a real browser, against the same way on Node's CPU (which is held to PyTorch elsewhere). */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeGraphs, openModelsDir } from '../../src/adapter/node.ts';
import { type GoldenOptions, planesFromPixels, psnr, restoreGolden } from '../../testing/golden-restoration.ts';
import { type ChromiumPage, openChromiumPage } from './chromium-page.ts';

const modelsDir = process.env.FAIRWEATHER_MODELS ?? dirname(fileURLToPath(import.meta.resolve('@fairweather/models/manifest.json')));
const sample = fileURLToPath(new URL('../../../../samples/rain.jpg', import.meta.url));
/** Small, for SwiftShader is slow; odd, so that it is padded; higher than wide, so that swapped sides do not pass. */
const CROP = { left: 130, top: 40, width: 29, height: 43 };

let page: ChromiumPage;
let picture: { readonly dims: readonly number[]; readonly data: Float32Array };
beforeAll(async () => {
  page = await openChromiumPage(modelsDir);
  const data = await sharp(sample).extract(CROP).raw().toBuffer();
  picture = { dims: [1, 3, CROP.height, CROP.width], data: planesFromPixels({ ...CROP, channels: 3, data: new Uint8Array(data) }) };
});
afterAll(() => page?.close());

async function restoreOnNode(options: GoldenOptions): Promise<Float32Array> {
  const graphs = await createNodeGraphs({ backend: 'cpu' });
  try {
    return await restoreGolden(await openModelsDir(modelsDir), graphs, picture, options);
  } finally {
    await graphs.dispose();
  }
}

async function expectAsOnNode(backend: 'wasm' | 'webgpu', options: GoldenOptions): Promise<void> {
  const inPage = await page.restore({ backend, dims: picture.dims, data: Array.from(picture.data), options });
  const onNode = await restoreOnNode(options);
  expect(inPage.backend).toBe(backend);
  expect(psnr(onNode, picture.data)).toBeLessThan(60); // something was restored at all
  // 50 dB is a mean difference below 1/255: two runtimes that round 8-bit pixels differently stay well above it.
  expect(psnr(Float32Array.from(inPage.restored), onNode)).toBeGreaterThan(50);
  expect(page.complaints).toEqual([]);
}

describe('Chromium restores as Node does, to 50 dB', () => {
  it.each<[string, GoldenOptions]>([
    ['both steps', {}],
    ['one step, at half the strength', { steps: 1, strength: 0.5 }],
    ['fp16 files', { precision: 'fp16' }],
  ])('in WASM: %s', (_, options) => expectAsOnNode('wasm', options));

  // SwiftShader computes on the CPU, slowly.
  it('in WebGPU, both steps', { timeout: 600_000 }, () => expectAsOnNode('webgpu', {}));
});

it('says so when the adapter cannot compute in fp16', async () => {
  // SwiftShader has no shader-f16; a silent wrong answer would be the worse one.
  const refused = page.restore({ backend: 'webgpu', dims: picture.dims, data: Array.from(picture.data), options: { precision: 'fp16' } });
  await expect(refused).rejects.toThrow(/RestoreError: Graph .* could not be loaded: .*f16/);
});
