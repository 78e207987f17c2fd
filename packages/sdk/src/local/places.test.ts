import { describe, expect, it } from 'vitest';
import { checkLocalOptions } from './local-options.ts';
import { findPlaces, modelFileFacts, runtimeFileFacts, runtimeKeyPrefix } from './places.ts';

describe('places of the browser engine', () => {
  it('are a public CDN for the models and the bundler’s for the rest, when nothing is said', () => {
    const { models, assets } = findPlaces(undefined, undefined);
    expect(models.href).toMatch(/^https:\/\/cdn\.jsdelivr\.net\/npm\/@fairweather\/models@\d+\.\d+\.\d+\/$/);
    expect(assets).toBeUndefined();
  });
  it('lie below the assets, unless the models have a place of their own', () => {
    expect(findPlaces(undefined, 'https://host.example/fairweather').models.href).toBe('https://host.example/fairweather/models/');
    expect(findPlaces('https://models.example', 'https://host.example/fairweather/').models.href).toBe('https://models.example/');
  });
  it('must be URLs', () => {
    expect(() => findPlaces('models', undefined)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
  it('do not matter to files with a hash, which are kept under it', () => {
    const entry = { file: 'weights/a.onnx', sha256: 'ab'.repeat(32), bytes: 3 };
    const [here, there] = [modelFileFacts(entry, new URL('https://a.example/')), modelFileFacts(entry, new URL('https://b.example/m/'))];
    expect(here.key).toBe(there.key);
    expect([here.url, there.url]).toEqual(['https://a.example/weights/a.onnx', 'https://b.example/m/weights/a.onnx']);
  });
  it('do not matter to the runtime either: it is kept by its version and its name', () => {
    const [here, there] = ['https://a.example/x-1a.wasm', 'https://a.example/page/x-1a.wasm'].map((url) => runtimeFileFacts(url, 'wasm'));
    expect(here?.key).toBe(there?.key);
    expect(here?.key.startsWith(runtimeKeyPrefix('wasm'))).toBe(true);
    expect(runtimeFileFacts('https://a.example/x-2b.wasm', 'wasm').key).not.toBe(here?.key);
  });
});

describe('options of the browser engine', () => {
  const refused =
    (options: object): (() => unknown) =>
    () =>
      checkLocalOptions(options);
  it.each([[{ backend: 'gpu' }], [{ threads: 0 }], [{ threads: 1.5 }], [{ fetch: 1 }], [{ modelz: '/m/' }]])('refuse %j', (options) => {
    expect(refused(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
  it('try WebGPU first, then WebAssembly', () => {
    expect(checkLocalOptions({}).backends).toEqual(['webgpu', 'wasm']);
    expect(checkLocalOptions({ backend: 'wasm' }).backends).toEqual(['wasm']);
  });
});
