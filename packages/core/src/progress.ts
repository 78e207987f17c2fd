/** What a restoration tells while it works: phases, bytes loaded, tiles and steps done. */

/**
 * The phases in their order. `read`: bytes, container and limits; `load`: model files and graphs (next to nothing when already loaded);
 * `decode`: pixels; `condition`: view, query, prompts, depth; `restore`: the tiles; `encode`: the finished file.
 */
export const PHASES = ['read', 'load', 'decode', 'condition', 'restore', 'encode'] as const;

/** One of the phases. */
export type Phase = (typeof PHASES)[number];

/** One report of progress. `elapsedMs` counts from the start of the call. */
export type ProgressEvent =
  /** A phase begins. */
  | { readonly type: 'phase'; readonly phase: Phase; readonly elapsedMs: number }
  /** A model file is being read: bytes so far, of the total the manifest states. */
  | { readonly type: 'load'; readonly file: string; readonly loadedBytes: number; readonly totalBytes: number; readonly elapsedMs: number }
  /**
   * An inference is done: in all as much work as `tile - 1` whole tiles and `step` steps of one more. (The tiles of a first step run ahead of
   * those of the second.) Both count from 1.
   */
  | { readonly type: 'step'; readonly step: number; readonly steps: number; readonly tile: number; readonly tiles: number; readonly elapsedMs: number }
  /** As much work as `tile` whole tiles is done. `tile / tiles` is the fraction of the restore phase. */
  | { readonly type: 'tile'; readonly tile: number; readonly tiles: number; readonly elapsedMs: number }
  /**
   * A rectangle of the restored picture is finished, one for every tile, in reading order (where haze is taken out by itself, and with a `scale` below 1:
   * bands of rows, after all tiles): `x`, `y`, `width` and `height` in pixels of the upright
   * picture. Together they cover it once. `rgba` only with the option `patchPixels`.
   */
  | {
      readonly type: 'patch';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly rgba?: PatchPixels;
      readonly elapsedMs: number;
    };

/** Pixels of a finished rectangle: rows from the top, [height, width, 4], 8-bit RGBA, not premultiplied, in the picture's own colour profile. */
export type PatchPixels = Uint8ClampedArray<ArrayBuffer>;

/** Called synchronously, between pieces of work; what it throws stops the restoration. */
export type OnProgress = (event: ProgressEvent) => void;
