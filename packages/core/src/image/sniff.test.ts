import { describe, expect, it } from 'vitest';
import { encodePicture, paintPixels, writePngHeader } from '../../testing/pictures.ts';
import { DEFAULT_LIMITS } from '../options.ts';
import { sniffImage } from './sniff.ts';

const code = (wanted: string): unknown => expect.objectContaining({ name: 'RestoreError', code: wanted });

describe('sniffImage', () => {
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)('reads container and size of %s from the header', async (format) => {
    const file = await encodePicture(paintPixels(50, 40), format);
    expect(sniffImage(file, DEFAULT_LIMITS)).toEqual({ format, width: 50, height: 40 });
  });
  it('does not take width for height', async () => {
    const { width, height } = sniffImage(await encodePicture(paintPixels(3, 70), 'jpeg'), DEFAULT_LIMITS);
    expect([width, height]).toEqual([3, 70]);
  });
  it('refuses zero bytes', () => {
    expect(() => sniffImage(new Uint8Array(), DEFAULT_LIMITS)).toThrow(code('empty-input'));
  });
  it.each([
    ['text', 'This is no picture at all, although it is called photo.jpg.'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'],
    ['PDF', '%PDF-1.7 and what follows'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
    ['one byte', 'x'],
  ])('refuses %s', (_, text) => {
    expect(() => sniffImage(new TextEncoder().encode(text), DEFAULT_LIMITS)).toThrow(code('unsupported-format'));
  });
  it('tells HEIC what to do', () => {
    expect(() => sniffImage(new TextEncoder().encode('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), DEFAULT_LIMITS)).toThrow('export the picture as JPEG');
  });
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)('refuses a %s that ends within its header', async (format) => {
    const file = await encodePicture(paintPixels(50, 40), format);
    const bytes = { jpeg: 20, png: 14, webp: 14, gif: 9, avif: 40, tiff: 8 }[format];
    const cut = file.subarray(0, bytes);
    expect(() => sniffImage(cut, DEFAULT_LIMITS)).toThrow(code('truncated'));
  });
  it('refuses a size of zero', () => {
    expect(() => sniffImage(writePngHeader(0, 10), DEFAULT_LIMITS)).toThrow(code('corrupt-image'));
  });
  it('refuses a header that promises 30,000 x 30,000 pixels, and says the limit', () => {
    expect(() => sniffImage(writePngHeader(30_000, 30_000), DEFAULT_LIMITS)).toThrow(/may have 100000000 pixels, it has 30000x30000 = 900000000/);
    expect(() => sniffImage(writePngHeader(30_000, 30_000), DEFAULT_LIMITS)).toThrow(code('too-large'));
  });
  it('refuses a JPEG whose header was changed to promise as much', async () => {
    const file = await encodePicture(paintPixels(50, 40), 'jpeg');
    const frame = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xc0);
    new DataView(file.buffer).setUint16(frame + 5, 30_000);
    new DataView(file.buffer).setUint16(frame + 7, 30_000);
    expect(() => sniffImage(file, DEFAULT_LIMITS)).toThrow(code('too-large'));
  });
  it('refuses a side over the limit', () => {
    expect(() => sniffImage(writePngHeader(40_000, 1), DEFAULT_LIMITS)).toThrow(code('too-large'));
  });
  it('refuses a file over the limit', () => {
    expect(() => sniffImage(writePngHeader(10, 10), { ...DEFAULT_LIMITS, maxBytes: 32 })).toThrow(code('too-large'));
  });
  it('never throws anything but its own errors, and at once, whatever the bytes', async () => {
    const files = await Promise.all((['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const).map((format) => encodePicture(paintPixels(50, 40), format)));
    for (const file of files)
      for (let n = 0; n < 500; n++) {
        const broken = file.slice(0, 10 + ((n * 7919) % Math.min(file.length - 10, 600)));
        for (let k = 0; k < 4; k++) broken[(n * 31 + k * 97) % broken.length] = (n * 13 + k * 101) % 256;
        try {
          sniffImage(broken, DEFAULT_LIMITS);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RestoreError' });
        }
      }
  });
});
