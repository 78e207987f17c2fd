import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePicture, paintPixels } from '../../testing/pictures.ts';
import type { InputFormat } from '../report.ts';
import { readContainerFacts } from './container-facts.ts';

const FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const;

describe('readContainerFacts', () => {
  it.each(FORMATS)('finds nothing unusual in a plain %s', async (format) => {
    const facts = await readContainerFacts(await encodePicture(paintPixels(50, 40), format), format);
    expect({ ...facts, profile: facts.profile === 'srgb' ? 'none' : facts.profile }).toEqual({
      bitDepth: 8,
      colour: 'rgb',
      profile: 'none',
      animated: false,
      hasMetadata: false,
      endsEarly: false,
    });
  });
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('sees that a %s cut in half ends early', async (format) => {
    const file = await encodePicture(paintPixels(200, 150), format);
    expect(await readContainerFacts(file.subarray(0, file.length / 2), format)).toMatchObject({ endsEarly: true });
  });
  it('does not take the end marker of an embedded thumbnail for the end of a JPEG', async () => {
    const file = await encodePicture(paintPixels(200, 150), 'jpeg');
    const thumbnail = Uint8Array.of(0xff, 0xe1, 0, 11, ...new TextEncoder().encode('Exif\0\0'), 0xff, 0xd9, 0);
    const cut = Uint8Array.of(0xff, 0xd8, ...thumbnail, ...file.subarray(2, file.length - 100));
    expect(await readContainerFacts(cut, 'jpeg')).toMatchObject({ endsEarly: true, hasMetadata: true });
  });
  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('tells Display P3 from sRGB, and sees metadata, in %s', async (format) => {
    const wide = await encodePicture(paintPixels(50, 40), format, (image) => image.withIccProfile('p3').withExif({ IFD0: { Copyright: 'A. Nyone' } }));
    expect(await readContainerFacts(wide, format)).toMatchObject({ profile: 'other', hasMetadata: true });
    const standard = await encodePicture(paintPixels(50, 40), format, (image) => image.withIccProfile('srgb'));
    expect(await readContainerFacts(standard, format)).toMatchObject({ profile: 'srgb', hasMetadata: false });
  });
  it.each(['jpeg', 'png'] as const)('sees that a %s is grey', async (format) => {
    expect(await readContainerFacts(await encodePicture(paintPixels(50, 40, 1), format), format)).toMatchObject({ colour: 'grey' });
  });
  it('sees 16 bits', async () => {
    expect(await readContainerFacts(await encodePicture(paintPixels(50, 40, 3, 16), 'png'), 'png')).toMatchObject({ bitDepth: 16 });
  });
  it('sees CMYK', async () => {
    const file = await encodePicture(paintPixels(50, 40), 'jpeg', (image) => image.toColourspace('cmyk').withIccProfile('cmyk'));
    expect(await readContainerFacts(file, 'jpeg')).toMatchObject({ colour: 'cmyk', profile: 'other' });
  });
  it.each(['webp', 'gif'] as const)('sees that a %s moves', async (format) => {
    const { data } = paintPixels(20, 30, 3);
    const image = sharp(data, { raw: { width: 20, height: 30, channels: 3, pageHeight: 10 } });
    const file = new Uint8Array(await (format === 'gif' ? image.gif({ delay: [90, 90, 90] }) : image.webp({ delay: [90, 90, 90] })).toBuffer());
    expect(await readContainerFacts(file, format)).toMatchObject({ animated: true });
  });
  it.each(FORMATS)('does not stumble over damage to a %s', async (format: InputFormat) => {
    const file = await encodePicture(paintPixels(60, 50), format);
    for (let n = 0; n < 200; n++) {
      const broken = file.slice(0, n % 3 === 0 ? 1 + ((n * 7919) % file.length) : file.length);
      for (let k = 0; k < 3; k++) broken[(n * 104_729 + k * 1299) % broken.length] = (n * 13 + k * 101) % 256;
      expect((await readContainerFacts(broken, format)).bitDepth).toBeGreaterThanOrEqual(8);
    }
  });
});
