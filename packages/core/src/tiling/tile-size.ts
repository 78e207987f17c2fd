/** The `tile` option, the model's tile rule and the picture's size -> the rule to use, or a refusal. */
import { RestoreError } from '../errors.ts';
import type { TileSides } from './tile-grid.ts';

/** From here on tiles are larger, with `auto`. */
const LARGE_PICTURE_PX = 900_000;
const LARGE_TILE_FACTOR = 1.25;

/**
 * With `auto`, the model's size; a quarter more for pictures of 0.9 megapixels and more. So what such pictures lose to overlaps is about the same: from
 * a tenth of their pixels to 3 tenths, less in small ones, of which what does not depend on tiles takes more.
 * A tile must hold its overlap on both sides and as much again between them, so that hand-overs never meet.
 * @param grows whether a larger tile gives the same result: not where the network looks at all of a tile at once
 * @throws RestoreError `invalid-option`
 */
export function chooseTileSize(
  tile: number | 'auto',
  { sizePx, overlapPx, multiplePx }: TileSides,
  { width, height }: { readonly width: number; readonly height: number },
  grows: boolean,
): TileSides {
  if (tile === 'auto') {
    const largePx = Math.floor((LARGE_TILE_FACTOR * sizePx) / multiplePx) * multiplePx;
    return { sizePx: grows && width * height >= LARGE_PICTURE_PX ? largePx : sizePx, overlapPx, multiplePx };
  }
  const least = Math.max(4 * overlapPx, multiplePx);
  if (tile < least || tile % multiplePx !== 0)
    throw new RestoreError('invalid-option', `tile must be 'auto' or a multiple of ${multiplePx} from ${least} on for this model, got ${tile}.`, {
      details: { option: 'tile', least, multiplePx },
    });
  return { sizePx: tile, overlapPx, multiplePx };
}
