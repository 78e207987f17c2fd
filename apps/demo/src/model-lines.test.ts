import type { Manifest, ModelSpec } from '@fairweather/core';
import { expect, it } from 'vitest';
import { modelLines } from './model-lines.ts';

it('names each model with its weathers and the bytes of its graphs and pool', () => {
  const file = { fp32: { file: 'a', sha256: '', bytes: 1_000_000 } };
  const small = {
    version: '1.2.3',
    weathers: ['rain', 'haze'],
    graphs: { condition: file, denoiser: file },
    promptPool: { bytes: 500_000 },
  } as unknown as ModelSpec; // the facts that are looked at
  const manifest: Manifest = { version: 1, defaultModel: 'small', models: { small, big: { ...small, weathers: ['snow'] } } };
  expect(modelLines(manifest)).toEqual(['small 1.2.3 (default): rain, haze; 2.5 MB', 'big 1.2.3: snow; 2.5 MB']);
});
