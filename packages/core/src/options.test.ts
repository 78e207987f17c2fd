import { describe, expect, it } from 'vitest';
import { checkOptions, DEFAULT_LIMITS, type RestoreOptions } from './options.ts';

/** What a caller without types may hand over. */
const check = (options: unknown): unknown => checkOptions(options as RestoreOptions);

describe('checkOptions', () => {
  it('fills in every default', () => {
    expect(checkOptions()).toEqual({
      model: undefined,
      precision: 'fp32',
      remove: undefined,
      strength: 1,
      seed: 0,
      steps: 2,
      tile: 'auto',
      scale: 'auto',
      patchPixels: false,
      output: { format: 'same', quality: undefined, metadata: 'keep' },
      limits: DEFAULT_LIMITS,
      signal: undefined,
      onProgress: undefined,
    });
  });
  it.each([
    [{ strength: 1.5 }, 'strength must be a number from 0 to 1, got 1.5.'],
    [{ strength: Number.NaN }, 'strength must be'],
    [{ strength: '1' }, 'strength must be a number from 0 to 1, got "1".'],
    [{ seed: -1 }, 'seed must be an integer from 0 to 4294967295, got -1.'],
    [{ seed: 0.5 }, 'seed must be'],
    [{ seed: 2 ** 32 }, 'seed must be'],
    [{ steps: 3 }, 'steps must be one of 1, 2, got 3.'],
    [{ precision: 'fp8' }, 'precision must be one of fp32, fp16, got "fp8".'],
    [{ remove: [] }, 'remove must be a list of at least one weather'],
    [{ remove: 'rain' }, 'remove must be'],
    [{ model: '' }, 'model must be'],
    [{ tile: 0 }, 'tile must be'],
    [{ tile: 'huge' }, 'tile must be'],
    [{ scale: 0 }, "scale must be 'native', 'auto' or a number from 0.05 to 1, got 0."],
    [{ scale: 1.5 }, 'scale must be'],
    [{ scale: 'half' }, 'scale must be'],
    [{ output: { format: 'bmp' } }, 'output.format must be one of jpeg, png, webp, avif, same, got "bmp".'],
    [{ output: { quality: 0 } }, 'output.quality must be an integer from 1 to 100, got 0.'],
    [{ output: { format: 'png', quality: 80 } }, 'output.quality must be left out for png'],
    [{ output: { metadata: 'some' } }, 'output.metadata must be'],
    [{ output: { size: 3 } }, 'In output there is no option "size"'],
    [{ limits: { maxPixels: 0 } }, 'limits.maxPixels must be'],
    [{ limits: { maxWidth: 1 } }, 'In limits there is no option "maxWidth"'],
    [{ strenght: 1 }, 'There is no option "strenght"; known are model,'],
    [{ signal: {} }, 'signal must be an AbortSignal'],
    [{ onProgress: 1 }, 'onProgress must be a function'],
    [null, 'options must be an object'],
  ])('refuses %j', (options, message) => {
    expect(() => check(options)).toThrow(message);
    expect(() => check(options)).toThrow(expect.objectContaining({ name: 'RestoreError', code: 'invalid-option' }));
  });
  it('takes a weather named twice once', () => {
    expect(checkOptions({ remove: ['rain', 'rain'] }).remove).toEqual(['rain']);
  });
});
