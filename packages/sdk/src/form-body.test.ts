import { RESTORE_FIELDS } from '@fairweather/core/contract';
import { describe, expect, it } from 'vitest';
import type { RestoreOptions } from './engine-port.ts';
import { buildForm } from './form-body.ts';

const picture = new Blob(['picture']);
const all: RestoreOptions = {
  model: 'nano',
  precision: 'fp16',
  remove: ['rain', 'haze'],
  strength: 0.5,
  seed: 7,
  steps: 1,
  tile: 256,
  scale: 'auto',
  output: { format: 'jpeg', quality: 80, metadata: 'strip' },
};

describe('the form', () => {
  it('carries every field of the contract, and the picture as a file', async () => {
    const form = buildForm(picture, all, 'restore');
    const fields = Object.fromEntries([...form].filter(([name]) => name !== 'image'));
    expect(fields).toEqual({
      model: 'nano',
      precision: 'fp16',
      remove: 'rain,haze',
      strength: '0.5',
      seed: '7',
      steps: '1',
      tile: '256',
      scale: 'auto',
      format: 'jpeg',
      quality: '80',
      metadata: 'strip',
    });
    expect(Object.keys(fields).sort()).toEqual([...RESTORE_FIELDS].sort());
    const file = form.get('image') as File;
    expect(file.name).toBe('image');
    expect(await file.text()).toBe('picture');
  });
  it('leaves to the server what is not said', () => expect([...buildForm(picture, {}, 'restore').keys()]).toEqual(['image']));
  it('keeps back what is for this side', () => {
    const form = buildForm(picture, { signal: new AbortController().signal, onProgress: () => {}, limits: { maxBytes: 5 }, patchPixels: true }, 'restore');
    expect([...form.keys()]).toEqual(['image']);
  });
  it.each([
    [{ sead: 1 }, 'sead'],
    [{ output: { formt: 'png' } }, 'formt'],
  ])('refuses a name that would be ignored: %o', (options, name) => {
    expect(() => buildForm(picture, options as RestoreOptions, 'restore')).toThrow(`"${name}"`);
  });
  it('refuses options of a restoration for an inspection', () => expect(() => buildForm(picture, { seed: 1 }, 'inspect')).toThrow('"seed"'));
});
