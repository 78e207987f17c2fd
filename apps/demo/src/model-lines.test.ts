import { expect, test } from 'vitest';
import { describeModels } from './model-lines.ts';

const graph = (bytes: number) => ({ fp32: { bytes: 2 * bytes }, fp16: { bytes } });

test('says what each model weighs and works, the default first', () => {
  const models = {
    large: { macs256: { total: 7e9 }, graphs: { condition: graph(0.5e6), denoiser: graph(3.4e6) } },
    small: { macs256: { total: 2e9 }, graphs: { denoiser: graph(2e6) } },
    tiny: { macs256: { total: 0.5e9 }, graphs: { denoiser: { fp32: { bytes: 1.25e6 } } } },
  };
  expect(describeModels({ defaultModel: 'small', models })).toEqual([
    { name: 'small', text: 'small, 2 MB' },
    { name: 'large', text: 'large, 3.9 MB, 3.5 × the work' },
    { name: 'tiny', text: 'tiny, 1.3 MB, 1/4 of the work' },
  ]);
});

test('offers nothing when the default is not there', () => {
  expect(describeModels({ defaultModel: 'gone', models: {} })).toEqual([]);
});
