import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePicture, paintPixels } from '../../testing/pictures.ts';
import { readMetadata, writeMetadata } from './container-metadata.ts';
import { makeUpright } from './upright-metadata.ts';

const size = { width: 31, height: 17 };
const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>';
const FORMATS = ['jpeg', 'png', 'webp'] as const;
const bare = (format: (typeof FORMATS)[number], channels: 3 | 4 = 3): Promise<Uint8Array<ArrayBuffer>> => encodePicture(paintPixels(31, 17, channels), format);
const full = (format: (typeof FORMATS)[number], channels: 3 | 4 = 3): Promise<Uint8Array<ArrayBuffer>> =>
  encodePicture(paintPixels(31, 17, channels), format, (image) =>
    image
      .withIccProfile('p3')
      .withMetadata({ icc: 'p3', orientation: 6 })
      .withExifMerge({ IFD0: { Copyright: 'A. Nyone' } })
      .withXmp(xmp),
  );

describe.each(FORMATS)('metadata of a %s', (format) => {
  it('are found as sharp finds them', async () => {
    const file = await full(format);
    const found = await readMetadata(file, format);
    const header = await sharp(file).metadata();
    expect(Buffer.from(found.icc ?? []).equals(header.icc as Buffer)).toBe(true);
    expect(new TextDecoder().decode(found.xmp)).toBe(header.xmp?.toString());
    expect(Buffer.from(found.exif ?? []).includes('A. Nyone')).toBe(true);
    expect(await readMetadata(await bare(format), format)).toEqual({});
  });
  it.each(FORMATS)('go into a %s, where sharp finds them, upright; its pixels stay', async (target) => {
    for (const channels of target === 'jpeg' ? ([3] as const) : ([3, 4] as const)) {
      const metadata = makeUpright(await readMetadata(await full(format), format), size);
      const file = await bare(target, channels);
      const { bytes, lost } = await writeMetadata(file, target, metadata, size);
      const header = await sharp(bytes).metadata();
      expect(lost).toEqual([]);
      expect([header.width, header.height, header.orientation, header.channels]).toEqual([31, 17, 1, channels]);
      expect(header.exif?.includes('A. Nyone')).toBe(true);
      expect(header.xmp?.toString()).toContain('xmpmeta');
      expect(header.icc?.equals(Buffer.from(metadata.icc ?? []))).toBe(true);
      const raw = (picture: Uint8Array): Promise<Buffer> => sharp(picture, { ignoreIcc: true }).raw().toBuffer();
      expect((await raw(bytes)).equals(await raw(file))).toBe(true);
      expect(await readMetadata(bytes, target)).toEqual(metadata);
    }
  });
  it('take the place of a profile that is there', async () => {
    const icc = (await readMetadata(await encodePicture(paintPixels(31, 17), format, (image) => image.withIccProfile('srgb')), format)).icc as Uint8Array;
    const { bytes } = await writeMetadata(await full(format), format, { icc }, size);
    expect((await sharp(bytes).metadata()).icc?.equals(Buffer.from(icc))).toBe(true);
  });
  it('of a broken file are left out, and never thrown about', async () => {
    const [file, target] = [await full(format), await bare(format)];
    for (let n = 0; n < 400; n++) {
      const broken = file.slice(0, 8 + ((n * 7919) % (file.length - 8)));
      for (let k = 0; k < 6; k++) broken[(n * 31 + k * 97) % Math.min(broken.length, 2000)] = (n * 13 + k * 101) % 256;
      const metadata = await readMetadata(broken, format);
      makeUpright(metadata, size);
      await writeMetadata(target, format, metadata, size);
    }
  });
});

describe('what does not fit', () => {
  it('is lost in a JPEG, whose segments have 64 kB, and said; a large profile takes several of them', async () => {
    const exif = (await readMetadata(await full('png'), 'png')).exif as Uint8Array;
    const icc = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
    const { bytes, lost } = await writeMetadata(await bare('jpeg'), 'jpeg', { exif, icc, xmp: new Uint8Array(70_000) }, size);
    expect(lost).toEqual(['xmp']);
    expect(await readMetadata(bytes, 'jpeg')).toEqual({ exif, icc });
  });
  it('is lost in an AVIF', async () => {
    const file = await encodePicture(paintPixels(31, 17), 'avif');
    expect(await writeMetadata(file, 'avif', { xmp: Uint8Array.of(1) }, size)).toEqual({ bytes: file, lost: ['xmp'] });
  });
  it('is not unpacked beyond the limit: a profile of 40 kB that would be 40 MB', async () => {
    const { bytes } = await writeMetadata(await bare('png'), 'png', { icc: new Uint8Array(40_000_000) }, size);
    expect(bytes.length).toBeLessThan(60_000);
    expect(await readMetadata(bytes, 'png')).toEqual({});
  });
});

describe('upright metadata', () => {
  /** Little-endian: IFD0 with orientation 6, width 17 and a pointer to an Exif directory with PixelXDimension 17; then a preview's directory. */
  const stored = Uint8Array.of(
    ...[0x49, 0x49, 42, 0, 8, 0, 0, 0, 3, 0],
    ...[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0],
    ...[0x00, 0x01, 3, 0, 1, 0, 0, 0, 17, 0, 0, 0],
    ...[0x69, 0x87, 4, 0, 1, 0, 0, 0, 50, 0, 0, 0],
    ...[50, 0, 0, 0],
    ...[1, 0, 0x02, 0xa0, 4, 0, 1, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0],
  );
  it('have orientation 1, the picture’s size, and no preview', () => {
    const { exif = new Uint8Array() } = makeUpright({ exif: stored }, size);
    expect([exif[18], exif[30], exif[60], [...exif.subarray(46, 50)]]).toEqual([1, 31, 31, [0, 0, 0, 0]]);
    expect(stored[18]).toBe(6);
  });
  it('turn nothing twice by XMP either', () => {
    const turn = (text: string): string => new TextDecoder().decode(makeUpright({ xmp: new TextEncoder().encode(text) }, size).xmp);
    expect(turn('<a tiff:Orientation="6" b:Orientation="6"/>')).toBe('<a tiff:Orientation="1" b:Orientation="6"/>');
    expect(turn('<tiff:Orientation>8</tiff:Orientation>')).toBe('<tiff:Orientation>1</tiff:Orientation>');
  });
  it('leave out EXIF that cannot be read', () => {
    for (const exif of [new Uint8Array(), Uint8Array.of(1, 2, 3), stored.subarray(0, 20), Uint8Array.from(stored).fill(0xff, 4, 8)])
      expect(makeUpright({ exif }, size)).toEqual({});
  });
});
