import { describe, expect, it } from 'vitest';
import { createFakeStore } from '../../testing/fake-model.ts';
import { findModel, parseManifest } from './manifest.ts';
import { graphFilesOf } from './model-files.ts';

const { manifest } = await createFakeStore();

/** The fake manifest with one place set to another value. */
function withValue(path: string, value: unknown): unknown {
  const copy = structuredClone(manifest) as unknown as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() as string;
  let place = copy;
  for (const key of keys) place = place[key] as Record<string, unknown>;
  place[last] = value;
  return copy;
}

describe('parseManifest', () => {
  it('takes a manifest that follows the contract', () => {
    expect(parseManifest(structuredClone(manifest))).toEqual(manifest);
  });
  it('ignores what later versions may add', () => {
    expect(parseManifest(withValue('models.fake.macs256', { total: 1 })).defaultModel).toBe('fake');
  });
  it.each([
    ['version', 2],
    ['defaultModel', 'lite'],
    ['models.fake.residualSign', 'clean'],
    ['models.fake.schedule.kind', 'cosine'],
    ['models.fake.schedule.timesteps', [0, 500]],
    ['models.fake.schedule.timesteps', [1000, 0]],
    ['models.fake.tile.sizePx', 60],
    ['models.fake.tile.sizePx', 32],
    ['models.fake.tile.overlapPx', -8],
    ['models.fake.graphs.denoiser', undefined],
    ['models.fake.graphs.denoiser.fp32.sha256', 'abc'],
    ['models.fake.graphs.denoiser.fp32.file', '../../etc/passwd'],
    ['models.fake.graphs.denoiser.fp32.file', '/etc/passwd'],
    ['models.fake.graphs.denoiser.fp32.file', 'https://example.org/x.onnx'],
    ['models.fake.promptPool.tensors.prompts', [5, 2, 3]],
    ['models.fake.promptPool.bytes', 4],
    ['models.fake.weathers', ['rain']],
  ])('refuses %s = %j and names the place', (path, value) => {
    expect(() => parseManifest(withValue(path, value))).toThrow(expect.objectContaining({ code: 'manifest-invalid' }));
    const place = path.split('.').slice(0, 2).join('.');
    expect(() => parseManifest(withValue(path, value))).toThrow(place);
  });
  it.each([[null], [[]], ['{}'], [{}]])('refuses %j', (json) => {
    expect(() => parseManifest(json)).toThrow(expect.objectContaining({ code: 'manifest-invalid' }));
  });
});

describe('findModel', () => {
  it('gives the default when none is named', () => {
    expect(findModel(manifest).name).toBe('fake');
  });
  it.each(['t3', 'constructor', '__proto__'])('refuses %s and says which there are', (name) => {
    expect(() => findModel(manifest, name)).toThrow(`There is no model "${name}"; the manifest has fake.`);
  });
});

describe('graphFilesOf', () => {
  it('refuses a precision the model does not have', () => {
    const { spec } = findModel(manifest);
    expect(() => graphFilesOf('fake', spec, 'fp16')).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});
