/** Two picture files -> how alike they are, in dB. */
import sharp from 'sharp';

/** Over R, G and B; infinite when they are equal. @throws Error when their sizes differ */
export async function psnr(a: Blob, b: Blob): Promise<number> {
  const read = async (picture: Blob): Promise<Buffer> =>
    sharp(await picture.arrayBuffer())
      .removeAlpha()
      .raw()
      .toBuffer();
  const [x, y] = await Promise.all([read(a), read(b)]);
  if (x.length !== y.length) throw new Error(`Expected pictures of one size, got ${x.length} and ${y.length} samples.`);
  const squares = x.reduce((sum, value, i) => sum + (value - (y[i] as number)) ** 2, 0);
  return 10 * Math.log10((255 * 255 * x.length) / squares);
}
