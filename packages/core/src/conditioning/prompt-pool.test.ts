import { describe, expect, it } from 'vitest';
import { expectClose } from '../../testing/expect-close.ts';
import { tensor } from '../tensor/tensor.ts';
import { type PromptPool, type PromptScores, readPromptPool, scorePrompts, selectPrompts, uniteScores } from './prompt-pool.ts';
import { gatherWeatherPrompts } from './weather-prompts.ts';
import { reportWeather } from './weather-report.ts';

const weathers = ['rain', 'haze'];
/** Four sub-prompts: rain, haze, half and half, and rain again (the twin of the first). */
const pool: PromptPool = {
  keys: tensor('PC', [4, 2], Float32Array.of(1, 0, 0, 1, 3, 3, 2, 0)),
  prompts: tensor('PLC', [4, 1, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
  affinities: tensor('PA', [4, 2], Float32Array.of(0.9, 0.1, 0.1, 0.9, 0.5, 0.5, 0.8, 0.2)),
  topK: 3,
  similarity: { scale: 8, bias: -2 },
};
const query = tensor('NC', [1, 2], Float32Array.of(5, 0));
const scores = scorePrompts(pool, query);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('scorePrompts', () => {
  it('weighs by the cosine, whatever the lengths', () => {
    expectClose(scores.cosines, [1, 0, Math.SQRT1_2, 1], { tolerance: 1e-7, why: 'float64 rounding' });
    expectClose(scores.weights, [sigmoid(6), sigmoid(-2), sigmoid(8 * Math.SQRT1_2 - 2), sigmoid(6)], { tolerance: 1e-7, why: 'float64 rounding' });
  });
  it('refuses a query of other channels', () => {
    expect(() => scorePrompts(pool, tensor('NC', [1, 3], new Float32Array(3)))).toThrow(expect.objectContaining({ code: 'dims-mismatch' }));
  });
});

describe('selectPrompts', () => {
  it('takes the best k, best first, ties to the lower index', () => {
    expect(selectPrompts(pool, scores, weathers, undefined)).toEqual([0, 3, 2]);
  });
  it('takes only sub-prompts at least half of whose affinity is asked for', () => {
    expect(selectPrompts(pool, scores, weathers, ['haze'])).toEqual([2, 1]);
    expect(selectPrompts(pool, scores, weathers, ['rain'])).toEqual([0, 3, 2]);
  });
  it('refuses a weather the model does not know, and says which it does', () => {
    expect(() => selectPrompts(pool, scores, weathers, ['fog'])).toThrow('remove may name rain, haze, got "fog".');
  });
});

describe('gatherWeatherPrompts', () => {
  it('gives weighted sub-prompts in the order chosen, zeros where one is missing', () => {
    const gathered = gatherWeatherPrompts(pool, scores, [2, 1]);
    const [w2, w1] = [scores.weights[2] as number, scores.weights[1] as number];
    expect(gathered.dims).toEqual([1, 3, 2]);
    expectClose(gathered.data, [5 * w2, 6 * w2, 3 * w1, 4 * w1, 0, 0], { tolerance: 1e-6, why: 'float32 rounding' });
  });
});

describe('reportWeather', () => {
  it('is a noisy-or over the whole pool, and shares of the sum', () => {
    const presence = (a: number): number =>
      1 - [0, 1, 2, 3].reduce((absent, i) => absent * (1 - (scores.weights[i] as number) * (pool.affinities.data[2 * i + a] as number)), 1);
    const [rain, haze] = reportWeather(pool, scores, weathers);
    expectClose([rain?.presence ?? -1, haze?.presence ?? -1], [presence(0), presence(1)], { tolerance: 1e-12, why: 'the same formula in float64' });
    expectClose([(rain?.share ?? 0) + (haze?.share ?? 0), (rain?.share ?? 0) * (presence(0) + presence(1))], [1, presence(0)], {
      tolerance: 1e-12,
      why: 'float64 rounding',
    });
    expect(rain?.weather).toBe('rain');
  });
  it('gives shares of 0 when nothing is there', () => {
    expect(reportWeather(pool, { cosines: new Float64Array(4), weights: new Float64Array(4) }, weathers).map(({ share }) => share)).toEqual([0, 0]);
  });
});

describe('uniteScores', () => {
  it('keeps of every sub-prompt the higher score of two looks', () => {
    const look = (...values: readonly number[]): PromptScores => ({ cosines: Float64Array.from(values), weights: Float64Array.from(values, (v) => v / 2) });
    expect(uniteScores(look(0.1, 0.9, -0.5), look(0.4, 0.2, -0.7))).toEqual(look(0.4, 0.9, -0.5));
  });
});

describe('readPromptPool', () => {
  it('reads the tensors one after another, little-endian, also from the middle of a buffer', () => {
    const bytes = new Uint8Array(4 + 4 * 12);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < 12; i++) view.setFloat32(4 + 4 * i, i, true);
    const read = readPromptPool(bytes.subarray(4), {
      file: '',
      sha256: '',
      bytes: 48,
      topK: 1,
      similarity: { scale: 1, bias: 0 },
      tensors: { keys: [2, 2], prompts: [2, 1, 2], affinities: [2, 2] },
    });
    expect([...read.keys.data, ...read.prompts.data, ...read.affinities.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});
