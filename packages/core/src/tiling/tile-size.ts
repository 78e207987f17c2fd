/** The `tile` option and the model's tile rule -> the rule to use, or a refusal. */
import { RestoreError } from '../errors.ts';
import type { TileSides } from './tile-grid.ts';

/**
 * A tile must hold its overlap on both sides and as much again between them, so that hand-overs never meet.
 * @throws RestoreError `invalid-option`
 */
export function checkTileSize(tile: number | 'auto', { sizePx, overlapPx, multiplePx }: TileSides): TileSides {
  if (tile === 'auto') return { sizePx, overlapPx, multiplePx };
  const least = Math.max(4 * overlapPx, multiplePx);
  if (tile < least || tile % multiplePx !== 0)
    throw new RestoreError('invalid-option', `tile must be 'auto' or a multiple of ${multiplePx} from ${least} on for this model, got ${tile}.`, {
      details: { option: 'tile', least, multiplePx },
    });
  return { sizePx: tile, overlapPx, multiplePx };
}
