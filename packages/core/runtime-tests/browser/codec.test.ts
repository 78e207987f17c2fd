/** The codec on a real browser's decoders and encoders, against the files and against sharp. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pixels } from '../../src/image/pixels.ts';
import { encodePicture, largestDifference, paintPixels, storeUnderOrientation, writePngHeader } from '../../testing/pictures.ts';
import { openTestPage, type TestPage } from './chromium-page.ts';
import type { CodecAnswer, CodecFailure, CodecTask } from './codec-page.ts';

let test: TestPage;
beforeAll(async () => {
  test = await openTestPage(fileURLToPath(new URL('./codec-page.ts', import.meta.url)), 'fairweatherCodec');
});
afterAll(() => test?.close());

async function use(file: Uint8Array, task: Omit<CodecTask, 'file'> = {}): Promise<CodecAnswer & CodecFailure> {
  const given = { ...task, file: Buffer.from(file).toString('base64') };
  return (await test.page.evaluate((codecTask) => globalThis.fairweatherCodec(codecTask), given)) as CodecAnswer & CodecFailure; // a test looks at one of the two
}

/** What the page gave, as pixels. */
function pixelsOf({ width, height, channels, samples }: CodecAnswer): Pixels {
  return { width, height, channels: channels as Pixels['channels'], data: Uint8Array.from(samples) };
}

describe('the codec in a browser', () => {
  it.each([1, 3] as const)('carries %i opaque channels through a PNG unchanged', async (channels) => {
    const pixels = paintPixels(31, 17, channels);
    const answer = await use(await encodePicture(pixels, 'png'), { encode: { format: 'png' } });
    expect(largestDifference(pixelsOf(answer), pixels)).toBe(0);
    const again = await use(Buffer.from(answer.written ?? '', 'base64'));
    // Browsers write grey as RGB.
    expect(again.samples.filter((_, i) => again.channels === channels || i % 3 === 0)).toEqual(answer.samples);
    expect(answer.warnings).toEqual([]);
  });
  it.each([2, 4] as const)('carries alpha exactly, of %i channels, and colours as canvases hold them', async (channels) => {
    const pixels = paintPixels(31, 17, channels);
    const answer = await use(await encodePicture(pixels, 'png'), { encode: { format: 'png' } });
    expect(answer.channels).toBe(channels);
    const alphaOf = (data: ArrayLike<number>): number[] => Array.from(data).filter((_, i) => i % channels === channels - 1);
    expect(alphaOf(answer.samples)).toEqual(alphaOf(pixels.data));
    // Colours are multiplied by alpha, at least 0.1 here, rounded to 8 bits and divided again.
    expect(largestDifference(pixelsOf(answer), pixels)).toBeLessThanOrEqual(6);
    const { width, height } = await sharp(Buffer.from(answer.written ?? '', 'base64')).metadata();
    expect([width, height]).toEqual([31, 17]);
  });
  it.each(['webp', 'avif', 'gif', 'jpeg'] as const)('reads a %s as sharp does', async (format) => {
    const file = await encodePicture(paintPixels(61, 37), format);
    const answer = await use(file);
    const { data } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([answer.width, answer.height, answer.channels]).toEqual([61, 37, 3]);
    // Decoders of lossy files may differ by rounding.
    expect(largestDifference(pixelsOf(answer), { ...pixelsOf(answer), data: new Uint8Array(data) })).toBeLessThanOrEqual(
      { webp: 0, avif: 3, gif: 0, jpeg: 3 }[format],
    );
  });
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('turns a picture with EXIF orientation %i upright, once', async (orientation) => {
    const pixels = paintPixels(31, 17);
    const stored = storeUnderOrientation(pixels, orientation);
    const file = await encodePicture(stored, 'jpeg', (image) => image.withMetadata({ orientation }));
    const answer = await use(file, { encode: { format: 'jpeg', quality: 100 } });
    expect([answer.width, answer.height]).toEqual([31, 17]);
    const upright = await sharp(file).autoOrient().raw().toBuffer();
    expect(largestDifference(pixelsOf(answer), { ...pixels, data: new Uint8Array(upright) })).toBeLessThanOrEqual(3); // JPEG, by two decoders
    const again = await sharp(Buffer.from(answer.written ?? '', 'base64')).metadata();
    expect([again.width, again.height, again.orientation ?? 1]).toEqual([31, 17, 1]);
    expect(answer.warnings).toEqual(['metadata-lost']);
    expect((await use(file, { encode: { format: 'jpeg', keep: 'strip' } })).warnings).toEqual([]);
  });
  it('keeps the colours of a wide gamut: converted to Display P3, and tagged so', async () => {
    const pixels = paintPixels(31, 17);
    const file = await encodePicture(pixels, 'png', (image) => image.withIccProfile('p3'));
    const answer = await use(file, { encode: { format: 'png' } });
    expect(answer.warnings).toEqual(['colour-converted']);
    const stored = await sharp(file, { ignoreIcc: true }).removeAlpha().raw().toBuffer(); // Display P3 already: the samples stay
    expect(largestDifference(pixelsOf(answer), { ...pixels, data: new Uint8Array(stored) })).toBeLessThanOrEqual(1);
    const written = Buffer.from(answer.written ?? '', 'base64');
    expect((await sharp(written).metadata()).icc?.length).toBeGreaterThan(100);
    const asSeen = async (image: Uint8Array): Promise<Pixels> => ({
      ...pixels,
      data: new Uint8Array(await sharp(image).toColourspace('srgb').removeAlpha().raw().toBuffer()),
    });
    expect(largestDifference(await asSeen(written), await asSeen(file))).toBeLessThanOrEqual(2); // by two libraries' profiles
  });
  it('leaves samples of a picture tagged sRGB as they stand', async () => {
    const pixels = paintPixels(31, 17);
    const answer = await use(await encodePicture(pixels, 'png', (image) => image.withIccProfile('srgb')));
    expect(largestDifference(pixelsOf(answer), pixels)).toBe(0);
    expect(answer.warnings).toEqual([]);
  });
  it('converts CMYK, takes 16 bits as 8 and the first of many frames, and says so', async () => {
    const cmyk = await encodePicture(paintPixels(31, 17), 'jpeg', (image) => image.toColourspace('cmyk').withIccProfile('cmyk'));
    expect((await use(cmyk)).warnings).toEqual(['colour-converted']);
    const deep = await use(await encodePicture(paintPixels(31, 17, 3, 16), 'png'));
    expect(deep.warnings).toEqual(['bit-depth-reduced']);
    expect(largestDifference(pixelsOf(deep), paintPixels(31, 17))).toBeLessThanOrEqual(1);
    const frames = sharp(paintPixels(20, 30).data, { raw: { width: 20, height: 30, channels: 3, pageHeight: 10 } });
    const moving = await use(new Uint8Array(await frames.webp({ lossless: true, delay: [90, 90, 90] }).toBuffer()));
    expect([moving.height, moving.warnings]).toEqual([10, ['animated']]);
  });
  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('refuses a %s cut in half, which browsers show', async (format) => {
    const file = await encodePicture(paintPixels(200, 150), format);
    expect(await use(file.subarray(0, file.length / 2))).toEqual({ code: 'truncated' });
  });
  it('refuses what it cannot read, and too many pixels', async () => {
    expect(await use(await encodePicture(paintPixels(31, 17), 'tiff'))).toEqual({ code: 'unsupported-format' });
    const broken = await encodePicture(paintPixels(200, 150), 'png');
    broken.fill(0xaa, 45, 4000);
    expect((await use(broken)).code).toMatch(/corrupt-image|truncated/);
    expect(await use(writePngHeader(20_000, 20_000))).toEqual({ code: 'too-large' });
    expect(await use(await encodePicture(paintPixels(200, 150), 'png'), { maxPixels: 29_999 })).toEqual({ code: 'too-large' });
  });
  it('writes JPEG and WebP, with a quality, and says what it cannot write', async () => {
    const file = await encodePicture(paintPixels(200, 150), 'png');
    const size = async (format: 'jpeg' | 'webp', quality?: number): Promise<number> => {
      const { written = '' } = await use(file, { encode: { format, ...(quality === undefined ? {} : { quality }) } });
      expect((await sharp(Buffer.from(written, 'base64')).metadata()).format).toBe(format);
      return written.length;
    };
    expect(await size('jpeg', 30)).toBeLessThan(await size('jpeg'));
    expect(await size('webp', 30)).toBeLessThan(await size('webp'));
    const { outputFormats } = await use(file);
    expect(outputFormats).toEqual(['jpeg', 'png', 'webp']); // Chromium's
    expect(await use(file, { encode: { format: 'avif' } })).toEqual({ code: 'encode-failed' });
  });
  it('reads and writes a picture larger than one band', async () => {
    const pixels = paintPixels(2100, 2010);
    const file = await encodePicture(pixels, 'png', (image) => image.png({ compressionLevel: 1 }));
    const { written = '', width, height } = await use(file, { encode: { format: 'png' }, samples: false });
    expect([width, height]).toEqual([2100, 2010]);
    const samples = await sharp(Buffer.from(written, 'base64')).removeAlpha().raw().toBuffer();
    expect(Buffer.compare(samples, Buffer.from(pixels.data))).toBe(0);
  });
});
