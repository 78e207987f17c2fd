import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, weatherBars, weatherWords } from './report-text.ts';

const found = [
  { weather: 'rain', presence: 0.305, share: 0.25 },
  { weather: 'haze', presence: 0.92, share: 0.75 },
  { weather: 'raindrop', presence: 0.1, share: 0 },
];

describe('reports for people', () => {
  it('draw bars of one length under one another', () => {
    expect(weatherBars(found)).toEqual([
      '  rain      ██████░░░░░░░░░░░░░░  31 %',
      '  haze      ██████████████████░░  92 %',
      '  raindrop  ██░░░░░░░░░░░░░░░░░░  10 %',
    ]);
  });

  it('name the surest weather first and leave out what is hardly there', () => {
    expect(weatherWords(found)).toBe('haze 92 %, rain 31 %');
    expect(weatherWords([{ weather: 'rain', presence: 0.1, share: 1 }])).toBe('no weather found');
  });

  it('do not call a picture clear when the model names no weather', () => {
    expect(weatherWords([])).toBe('weather not named by this model');
  });

  it.each([
    [0, '0 ms'],
    [840, '840 ms'],
    [3210, '3.2 s'],
    [9960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_780_000, '1 h 3 min'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [512, '512 B'],
    [3400, '3.4 kB'],
    [2_100_000, '2.1 MB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
