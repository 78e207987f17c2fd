import { describe, expect, it } from 'vitest';
import { cutRgba } from './rgba.ts';

describe('a rectangle as RGBA', () => {
  it('is cut out of RGB, opaque', () => {
    const pixels = { width: 3, height: 2, channels: 3, data: Uint8Array.from({ length: 18 }, (_, i) => i) } as const;
    expect([...cutRgba(pixels, { x: 1, y: 1, width: 2, height: 1 })]).toEqual([12, 13, 14, 255, 15, 16, 17, 255]);
  });
  it('repeats grey and keeps alpha', () => {
    const pixels = { width: 1, height: 2, channels: 2, data: Uint8Array.of(10, 20, 30, 40) } as const;
    expect([...cutRgba(pixels, { x: 0, y: 1, width: 1, height: 1 })]).toEqual([30, 30, 30, 40]);
  });
  it('brings 16 bits to 8', () => {
    const pixels = { width: 1, height: 1, channels: 4, data: Uint16Array.of(0, 65535, 32896, 257) } as const;
    expect([...cutRgba(pixels, { x: 0, y: 0, width: 1, height: 1 })]).toEqual([0, 255, 128, 1]);
  });
});
