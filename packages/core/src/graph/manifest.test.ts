import { describe, expect, it } from 'vitest';
import { createFakeStore } from '../../testing/fake-model.ts';
import { describeFakeStepModel } from '../../testing/fake-step-model.ts';
import { findModel, parseManifest } from './manifest.ts';
import { addManifests } from './manifests-beside.ts';
import { graphFilesOf, listModelFiles } from './model-files.ts';

const { manifest } = await createFakeStore();
const { manifest: stepManifest } = await describeFakeStepModel();

/** The fake manifest with one place set to another value. */
function withValue(path: string, value: unknown, of: unknown = manifest): unknown {
  const copy = structuredClone(of) as unknown as Record<string, unknown>;
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

describe('a model that asks its pool at every step', () => {
  it('is taken as the contract describes it', () => {
    expect(parseManifest(structuredClone(stepManifest)).models['fake-step']).toEqual(stepManifest.models['fake-step']);
  });
  it.each([
    ['weathers', ['rain']],
    ['view.kind', 'area'],
    ['view.antialias', undefined],
    ['tile.multiplePx', 8],
    ['graphs.encoder', undefined],
    ['graphs.encoder.fp32.externalData', [{ file: '../x.bin', sha256: 'a'.repeat(64), bytes: 1 }]],
    ['promptPool.tensors.keyValues', [4, 2, 5]],
    ['promptPool.topK', 5],
    ['promptPool.bytes', 4],
    ['promptQuery', 'sometimes'],
  ])('is refused with %s = %j, by its place', (path, value) => {
    const wrong = withValue(`models.fake-step.${path}`, value, stepManifest);
    expect(() => parseManifest(wrong)).toThrow(expect.objectContaining({ code: 'manifest-invalid' }));
    expect(() => parseManifest(wrong)).toThrow('models.fake-step');
  });
});

describe('addManifests', () => {
  const beside = { t3: stepManifest };
  it('adds models that lie in folders of their own, with all their files below these', () => {
    const { models, defaultModel } = addManifests(manifest, beside);
    expect([defaultModel, ...Object.keys(models)]).toEqual(['fake', 'fake', 'fake-step']);
    const { spec } = findModel({ ...manifest, models }, 'fake-step');
    expect(spec.card).toBe('t3/card.md');
    const files = listModelFiles(spec, 'fp32') ?? [];
    expect(files).toHaveLength(4 * 3 + 1);
    for (const { file } of files) expect(file).toMatch(/^t3\/\w/);
    expect(listModelFiles(spec, 'fp16')).toBeUndefined();
  });
  it('lets the first manifest win', () => {
    expect(addManifests(manifest, { other: { ...manifest, defaultModel: 'fake' } }).models.fake).toEqual(manifest.models.fake);
  });
  it('says which of the manifests is wrong', () => {
    expect(() => addManifests(manifest, { t3: { ...stepManifest, version: 2 } })).toThrow(/^In t3\/manifest.json version must be/);
  });
  it('passes over what is no manifest of models', () => {
    expect(addManifests(manifest, { page: { name: 'A web app', icons: [] }, list: [] })).toEqual(manifest);
  });
});

describe('findModel', () => {
  it('says how to get a model that cannot be shipped', () => {
    const { notShipped } = parseManifest(withValue('notShipped', { t3: 'Convert it.' }));
    expect(() => findModel({ ...manifest, notShipped }, 't3')).toThrow('There is no model "t3"; the manifest has fake. Convert it.');
    expect(() => findModel({ ...manifest, notShipped }, 'toString')).toThrow('There is no model "toString"; the manifest has fake.');
  });

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
