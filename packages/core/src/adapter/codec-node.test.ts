import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture, encodePicture, largestDifference, paintPixels, storeUnderOrientation } from '../../testing/pictures.ts';
import { DEFAULT_LIMITS } from '../options.ts';
import { sniffImage } from '../image/sniff.ts';
import { createNodeCodec } from './codec-node.ts';

const codec = createNodeCodec();
const decode = async (file: Uint8Array) =>
  codec.decode(file, { format: sniffImage(file, DEFAULT_LIMITS).format, maxPixels: DEFAULT_LIMITS.maxPixels, maxSidePx: DEFAULT_LIMITS.maxSidePx });

describe('the codec on Node', () => {
  it.each([
    [1, 8],
    [2, 8],
    [3, 8],
    [4, 8],
    [1, 16],
    [2, 16],
    [3, 16],
    [4, 16],
  ] as const)('carries %i channels of %i bits through a PNG unchanged', async (channels, bitDepth) => {
    const pixels = paintPixels(31, 17, channels, bitDepth);
    const file = await encodePicture(pixels, 'png');
    const decoded = await decode(file);
    expect(largestDifference(decoded.pixels, pixels)).toBe(0);
    const encoded = await codec.encode(decoded.pixels, { format: 'png', metadata: decoded.metadata, keep: 'keep' });
    expect(encoded.bitDepth).toBe(bitDepth);
    expect(largestDifference(await decodePicture(encoded.bytes), pixels)).toBe(0);
    const { channels: written } = await sharp(encoded.bytes).metadata();
    expect(written).toBe(channels);
  });
  it.each(['webp', 'avif', 'tiff'] as const)('reads a lossless %s', async (format) => {
    const pixels = paintPixels(31, 17);
    const { pixels: decoded } = await decode(await encodePicture(pixels, format));
    expect([decoded.width, decoded.height, decoded.channels]).toEqual([31, 17, 3]);
    // TIFF compresses as JPEG here and AVIF goes by way of YCbCr; WebP is exact.
    expect(largestDifference(decoded, pixels)).toBeLessThanOrEqual({ webp: 0, avif: 2, tiff: 40 }[format]);
  });
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('turns a picture with EXIF orientation %i upright', async (orientation) => {
    const pixels = paintPixels(31, 17);
    const tagged = await encodePicture(storeUnderOrientation(pixels, orientation), 'png', (image) =>
      image.withMetadata({ orientation }).withExifMerge({ IFD0: { Copyright: 'A. Nyone' } }),
    );
    expect((await sharp(tagged).metadata()).orientation).toBe(orientation);
    const decoded = await decode(tagged);
    expect(largestDifference(decoded.pixels, pixels)).toBe(0);
    const encoded = await codec.encode(decoded.pixels, { format: 'png', metadata: decoded.metadata, keep: 'keep' });
    const header = await sharp(encoded.bytes).metadata();
    expect([header.width, header.height, header.orientation ?? 1]).toEqual([31, 17, 1]);
    expect(header.exif?.includes('A. Nyone')).toBe(true);
  });

  const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>';
  const wideGamut = (): Promise<Uint8Array> =>
    encodePicture(paintPixels(31, 17), 'png', (image) =>
      image
        .withIccProfile('p3')
        .withExif({ IFD0: { Copyright: 'A. Nyone' } })
        .withXmp(xmp),
    );

  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('keeps colour profile, EXIF and XMP in %s, and the samples as they stand in the file', async (format) => {
    const file = await wideGamut();
    const decoded = await decode(file);
    const raw = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    expect(raw.equals(Buffer.from(decoded.pixels.data))).toBe(true);
    const { bytes } = await codec.encode(decoded.pixels, { format, metadata: decoded.metadata, keep: 'keep' });
    const [before, after] = [await sharp(file).metadata(), await sharp(bytes).metadata()];
    expect(after.icc?.equals(before.icc as Buffer)).toBe(true);
    expect(after.exif?.includes('A. Nyone')).toBe(true);
    expect(after.xmp?.toString()).toContain('xmpmeta');
  });
  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('strips all but the colour profile from %s when asked', async (format) => {
    const decoded = await decode(await wideGamut());
    const { bytes } = await codec.encode(decoded.pixels, { format, metadata: decoded.metadata, keep: 'strip' });
    const after = await sharp(bytes).metadata();
    expect(after.icc).toBeDefined();
    expect(after.exif).toBeUndefined();
    expect(after.xmp).toBeUndefined();
  });
  it('converts CMYK to sRGB and says so', async () => {
    const file = await encodePicture(paintPixels(31, 17), 'jpeg', (image) => image.toColourspace('cmyk').withIccProfile('cmyk'));
    expect((await sharp(file).metadata()).space).toBe('cmyk');
    const decoded = await decode(file);
    expect(decoded.pixels.channels).toBe(3);
    expect(decoded.warnings).toMatchObject([{ code: 'colour-converted' }]);
    // Ink and back, and a JPEG between: near, not equal. Means over the picture are.
    const mean = (data: ArrayLike<number>): number => Array.from(data).reduce((sum, v) => sum + v, 0) / data.length;
    expect(Math.abs(mean(decoded.pixels.data) - mean(paintPixels(31, 17).data))).toBeLessThan(12);
    const { bytes } = await codec.encode(decoded.pixels, { format: 'jpeg', metadata: decoded.metadata, keep: 'keep' });
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'srgb', channels: 3 });
  });
  it('takes the first frame of an animation and says so', async () => {
    const pixels = paintPixels(20, 30, 3);
    const file = new Uint8Array(
      await sharp(pixels.data, { raw: { width: 20, height: 30, channels: 3, pageHeight: 10 } })
        .webp({ lossless: true, loop: 0, delay: [100, 100, 100] })
        .toBuffer(),
    );
    expect((await sharp(file).metadata()).pages).toBe(3);
    const decoded = await decode(file);
    expect(decoded.warnings).toMatchObject([{ code: 'animated', message: 'The picture has 3 frames; the first one was restored.' }]);
    expect([decoded.pixels.width, decoded.pixels.height]).toEqual([20, 10]);
    expect([...decoded.pixels.data.subarray(0, 3)]).toEqual([...pixels.data.subarray(0, 3)]);
  });
  it.each(['jpeg', 'webp', 'avif'] as const)('says that %s has 8 bits when the picture had 16', async (format) => {
    const encoded = await codec.encode(paintPixels(31, 17, 3, 16), { format, keep: 'keep' });
    expect(encoded.bitDepth).toBe(8);
    expect(encoded.warnings).toMatchObject([{ code: 'bit-depth-reduced' }]);
    expect(largestDifference(await decodePicture(encoded.bytes), paintPixels(31, 17))).toBeLessThan(60);
  });
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)('refuses a %s cut in half', async (format) => {
    const file = await encodePicture(paintPixels(200, 150), format);
    const cut = file.subarray(0, Math.floor(file.length / 2));
    await expect(decode(cut)).rejects.toMatchObject({ name: 'RestoreError', code: 'truncated' });
  });
  it('refuses a JPEG that lacks its last bytes', async () => {
    const file = await encodePicture(paintPixels(200, 150), 'jpeg');
    await expect(decode(file.subarray(0, file.length - 200))).rejects.toMatchObject({ code: 'truncated' });
  });
  it('refuses broken data', async () => {
    const file = await encodePicture(paintPixels(200, 150), 'png');
    file.fill(0xaa, 100, 4000);
    await expect(decode(file)).rejects.toMatchObject({ name: 'RestoreError', code: expect.stringMatching(/corrupt-image|truncated/) });
  });
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)('answers any damage to a %s with pixels or a typed error', async (format) => {
    const file = await encodePicture(paintPixels(60, 50), format);
    for (let n = 0; n < 40; n++) {
      const broken = file.slice(0, n % 4 === 0 ? 30 + ((n * 7919) % (file.length - 30)) : file.length);
      for (let k = 0; k < 3; k++) broken[20 + ((n * 104_729 + k * 1299) % (broken.length - 20))] = (n * 13 + k * 101) % 256;
      try {
        // A changed header may promise much: the limits hold here too.
        const { pixels } = await codec.decode(broken, { format, maxPixels: 1e6, maxSidePx: 5000 });
        expect(pixels.data.length).toBe(pixels.width * pixels.height * pixels.channels);
      } catch (error) {
        expect(error).toMatchObject({ name: 'RestoreError', code: expect.stringMatching(/^(truncated|corrupt-image|too-large)$/) });
      }
    }
  });
  it('holds the limit again inside the decoder', async () => {
    const file = await encodePicture(paintPixels(200, 150), 'png');
    await expect(codec.decode(file, { format: 'png', maxPixels: 29_999, maxSidePx: 1000 })).rejects.toMatchObject({ code: 'too-large' });
    await expect(codec.decode(file, { format: 'png', maxPixels: 30_000, maxSidePx: 199 })).rejects.toMatchObject({ code: 'too-large' });
  });
  it('says why a picture cannot be written', async () => {
    await expect(codec.encode(paintPixels(16_384, 1), { format: 'webp', keep: 'keep' })).rejects.toMatchObject({ code: 'encode-failed' });
  });
});
