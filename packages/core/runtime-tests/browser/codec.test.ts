/** The codec on a real browser's decoders and encoders, against the files and against sharp. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeCodec } from '../../src/adapter/codec-node.ts';
import type { Pixels } from '../../src/image/pixels.ts';
import { DEFAULT_LIMITS } from '../../src/options.ts';
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
    expect(answer.warnings).toEqual([]);
  });
  const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>';
  /** A picture of a telephone: Display P3, stored on its side, with EXIF and XMP. */
  const telephone = (format: 'jpeg' | 'png' | 'webp'): Promise<Uint8Array<ArrayBuffer>> =>
    encodePicture(storeUnderOrientation(paintPixels(31, 17), 6), format, (image) =>
      image
        .withMetadata({ icc: 'p3', orientation: 6 })
        .withExifMerge({ IFD0: { Copyright: 'A. Nyone' } })
        .withXmp(xmp),
    );
  const node = createNodeCodec();
  const byNode = async (
    file: Uint8Array,
    encode: { format: 'jpeg' | 'png' | 'webp'; keep: 'keep' | 'strip' },
  ): Promise<{ pixels: Pixels; bytes: Uint8Array }> => {
    const { maxPixels, maxSidePx } = DEFAULT_LIMITS;
    const { pixels, metadata } = await node.decode(file, { format: encode.format, maxPixels, maxSidePx });
    return { pixels, bytes: (await node.encode(pixels, { ...encode, metadata })).bytes };
  };

  it.each(['jpeg', 'png', 'webp'] as const)('keeps samples, colour profile, EXIF and XMP of a %s as Node does, upright', async (format) => {
    const file = await telephone(format);
    const answer = await use(file, { encode: { format, keep: 'keep' } });
    const { pixels, bytes } = await byNode(file, { format, keep: 'keep' });
    expect(largestDifference(pixelsOf(answer), pixels)).toBeLessThanOrEqual(format === 'jpeg' ? 3 : 0); // two decoders of JPEG
    const [ours, nodes] = [await sharp(Buffer.from(answer.written ?? '', 'base64')).metadata(), await sharp(bytes).metadata()];
    expect([ours.width, ours.height, ours.orientation]).toEqual([31, 17, 1]);
    expect(ours.icc?.equals(nodes.icc as Buffer)).toBe(true);
    expect([ours.exif, nodes.exif].map((exif) => exif?.includes('A. Nyone'))).toEqual([true, true]);
    expect(ours.xmp?.toString()).toBe(nodes.xmp?.toString());
    expect(answer.warnings).toEqual([]);
    const again = await use(Buffer.from(answer.written ?? '', 'base64'));
    if (format === 'png') expect(again.samples).toEqual(answer.samples);
  });
  it.each(['jpeg', 'png', 'webp'] as const)('strips all but the colour profile from a %s when asked, as Node does', async (format) => {
    const file = await telephone(format);
    const answer = await use(file, { encode: { format, keep: 'strip' } });
    for (const bytes of [Buffer.from(answer.written ?? '', 'base64'), (await byNode(file, { format, keep: 'strip' })).bytes]) {
      const { icc, exif, xmp: packet } = await sharp(bytes).metadata();
      expect([icc !== undefined, exif, packet]).toEqual([true, undefined, undefined]);
    }
    expect(answer.warnings).toEqual([]);
  });
  it('carries metadata from one container into another, and says what is lost', async () => {
    const { written = '', warnings } = await use(await telephone('png'), { encode: { format: 'jpeg' } });
    const header = await sharp(Buffer.from(written, 'base64')).metadata();
    expect([header.exif?.includes('A. Nyone'), header.xmp?.toString(), header.orientation, warnings]).toEqual([true, xmp, 1, []]);
    const avif = await encodePicture(paintPixels(31, 17), 'avif', (image) => image.withExif({ IFD0: { Copyright: 'A. Nyone' } }));
    expect((await use(avif, { encode: { format: 'png' } })).warnings).toEqual(['metadata-lost']);
  });
  it('converts colours whose profile it cannot write again: to Display P3, and tags them so', async () => {
    const file = await encodePicture(paintPixels(31, 17), 'avif', (image) => image.withIccProfile('p3'));
    const answer = await use(file, { encode: { format: 'png' } });
    expect(answer.warnings).toEqual(['colour-converted']);
    const written = Buffer.from(answer.written ?? '', 'base64');
    expect((await sharp(written).metadata()).icc?.length).toBeGreaterThan(100);
    const asSeen = async (image: Uint8Array): Promise<Pixels> => ({
      ...paintPixels(31, 17),
      data: new Uint8Array(await sharp(image).toColourspace('srgb').removeAlpha().raw().toBuffer()),
    });
    expect(largestDifference(await asSeen(written), await asSeen(file))).toBeLessThanOrEqual(3); // by two libraries' profiles, and two decoders of AVIF
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
