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
  | { readonly type: 'tile'; readonly tile: number; readonly tiles: number; readonly elapsedMs: number };

/** Called synchronously, between pieces of work; what it throws stops the restoration. */
export type OnProgress = (event: ProgressEvent) => void;
