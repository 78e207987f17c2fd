import { describe, expect, it } from 'vitest';
import { assertDims, tensor } from './tensor.ts';

describe('tensor', () => {
  it('refuses dims that do not multiply to the data', () => {
    expect(() => tensor('NCHW', [1, 3, 2, 2], new Float32Array(11))).toThrow(expect.objectContaining({ code: 'dims-mismatch' }));
  });
  it('refuses dims that are not one per axis', () => {
    expect(() => tensor('NCHW', [12], new Float32Array(12))).toThrow(expect.objectContaining({ code: 'dims-mismatch' }));
  });
});

describe('assertDims', () => {
  it('lets a free axis be anything', () => {
    expect(() => assertDims('tokens', { dims: [1, 63, 64] }, 'NKC', [1, 'any', 64])).not.toThrow();
  });
  it('refuses height and width swapped, and says what was expected by axis', () => {
    expect(() => assertDims('tile', { dims: [1, 3, 240, 256] }, 'NCHW', [1, 3, 256, 240])).toThrow('tile must be [1,3,256,240] (N,C,H,W), got [1,3,240,256].');
  });
});
