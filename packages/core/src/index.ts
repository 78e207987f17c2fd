/** The public door of `@fairweather/core`. */
export { isAbortError, isRestoreError, RestoreError } from './errors.ts';
export type { RestoreErrorCode, RestoreErrorDetails } from './errors.ts';
export { DEFAULT_LIMITS, OUTPUT_FORMATS } from './options.ts';
export type { InspectOptions, Limits, OutputFormat, OutputOptions, Precision, RestoreOptions, ScaleOption, WeatherName } from './options.ts';
export { PHASES } from './progress.ts';
export type { OnProgress, PatchPixels, Phase, ProgressEvent } from './progress.ts';
export type {
  EngineFacts,
  InputFacts,
  InputFormat,
  InspectResult,
  RestoreReport,
  RestoreResult,
  RestoreWarning,
  ScaleFacts,
  Timings,
  WeatherFinding,
} from './report.ts';
export { createRestorer } from './restorer.ts';
export type { LoadModelOptions, Restorer, RestorerDeps } from './restorer.ts';
export { createModelStore, verifyModelFile } from './graph/model-store.ts';
export type { LoadedModel, LoadOptions, ModelStore, ReadModelFile } from './graph/model-store.ts';
export type { DecodedImage, DecodeOptions, EncodedImage, EncodeOptions, ImageCodec } from './image/codec.ts';
export type { Pixels } from './image/pixels.ts';
export type { Feeds, Graph, GraphFactory } from './graph/graph.ts';
export { findModel } from './graph/manifest.ts';
export { listModelFiles } from './graph/model-files.ts';
export type { Manifest, ModelFile, ModelSpec } from './graph/model-spec.ts';
export type { Tensor } from './tensor/tensor.ts';
