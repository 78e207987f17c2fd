/** What a restoration tells about itself afterwards. */
import type { OutputFormat, Precision } from './options.ts';
import type { Phase } from './progress.ts';

/** One weather of the report. */
export type WeatherFinding = {
  /** Name in the model's `weathers`. */
  readonly weather: string;
  /** How surely it is in the picture, 0 to 1. */
  readonly presence: number;
  /** Its part among all that was found, 0 to 1; the shares sum to 1, or are all 0 when nothing was found. */
  readonly share: number;
};

/** Something the caller may want to know although the result is right. */
export type RestoreWarning = {
  readonly code: 'animated' | 'several-pages' | 'format-changed' | 'bit-depth-reduced' | 'quality-unused' | 'colour-converted' | 'metadata-lost';
  /** A sentence for people. */
  readonly message: string;
};

/** Containers we read. */
export type InputFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'tiff';

/** The picture that came in, as its pixels are: upright, so width and height may be swapped against the file's header. */
export type InputFacts = {
  readonly format: InputFormat;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly bitDepth: 8 | 16;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: 1 | 2 | 3 | 4;
};

/** Which model and engine did the work. */
export type EngineFacts = {
  /** Execution provider, e.g. `cpu`, `cuda`, `wasm`, `webgpu`. */
  readonly backend: string;
  readonly precision: Precision;
  readonly model: { readonly name: string; readonly version: string };
};

/** Sides in pixels. */
export type SizePx = { readonly width: number; readonly height: number };

/** The sizes the network worked at. */
export type ScaleFacts = SizePx & {
  /** Against the picture's own size, 0 to 1; 1 is native. */
  readonly factor: number;
  /** Where haze was taken out by itself, the sizes it was looked at in, the smallest first; else none. */
  readonly hazeSizes: readonly SizePx[];
  /** Why this size: a sentence for people. */
  readonly reason: string;
};

/** Milliseconds by phase, and in total. */
export type Timings = Readonly<Record<Phase | 'total', number>>;

/** What `inspect` gives: the weather, without restoring. */
export type InspectResult = EngineFacts & {
  readonly input: InputFacts;
  /** In the order of the model's `weathers`. */
  readonly weather: readonly WeatherFinding[];
  readonly timings: Timings;
  readonly warnings: readonly RestoreWarning[];
};

/** What `restore` tells beside the picture. */
export type RestoreReport = InspectResult & {
  /** The weathers that were asked to go: `remove`, or all of the model's. */
  readonly removed: readonly string[];
  readonly seed: number;
  readonly steps: 1 | 2;
  readonly strength: number;
  readonly scale: ScaleFacts;
  readonly tiles: { readonly count: number; readonly sizePx: number; readonly overlapPx: number };
  readonly output: { readonly format: OutputFormat; readonly bytes: number; readonly bitDepth: 8 | 16 };
};

/** The restored picture and its report. */
export type RestoreResult = {
  /** A finished file in the container that `mediaType` names. */
  readonly image: Uint8Array<ArrayBuffer>;
  readonly mediaType: `image/${OutputFormat}`;
  /** Pixels, after the EXIF orientation has been applied. */
  readonly width: number;
  readonly height: number;
  readonly report: RestoreReport;
};
