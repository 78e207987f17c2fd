/** A rectangle of pixels of any kind -> 8-bit RGBA, as canvases take it. */
import { colourChannels, type Pixels, whiteLevel } from './pixels.ts';

/** The rectangle must lie within the picture. Colours stay in the picture's own profile; 16 bits are rounded to 8. */
export function cutRgba(
  { data, ...pixels }: Pixels,
  { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Uint8ClampedArray<ArrayBuffer> {
  const { channels } = pixels;
  const colours = colourChannels({ ...pixels, data });
  const scale = 255 / whiteLevel({ ...pixels, data });
  const rgba = new Uint8ClampedArray(width * height * 4); // [height,width,4]; stores round
  let to = 0;
  for (let row = y; row < y + height; row++) {
    let from = (row * pixels.width + x) * channels;
    for (let column = 0; column < width; column++, from += channels, to += 4) {
      for (let c = 0; c < 3; c++) rgba[to + c] = (data[from + (colours === 3 ? c : 0)] as number) * scale;
      rgba[to + 3] = channels > colours ? (data[from + colours] as number) * scale : 255;
    }
  }
  return rgba;
}
