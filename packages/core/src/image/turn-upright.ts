/** Pixels as they are stored under an EXIF orientation -> the upright picture. */
import type { Pixels } from './pixels.ts';

/**
 * Source: Exif 3.0, 4.6.5: 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom is where
 * the stored row 0 and column 0 lie.
 * @returns new pixels; the same ones under orientation 1
 */
export function turnUpright(stored: Pixels, orientation: number): Pixels {
  if (orientation === 1) return stored;
  const { width, height, channels, data } = stored;
  const turned = orientation >= 5;
  const upright = { width: turned ? height : width, height: turned ? width : height, channels, data: data.slice() };
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBottom = [3, 4, 7, 8].includes(orientation);
  for (let row = 0, from = 0; row < height; row++)
    for (let column = 0; column < width; column++, from += channels) {
      const [x, y] = turned ? [row, column] : [column, row];
      const to = channels * ((fromBottom ? upright.height - 1 - y : y) * upright.width + (fromRight ? upright.width - 1 - x : x));
      for (let c = 0; c < channels; c++) upright.data[to + c] = data[from + c] as number;
    }
  return upright;
}
