/** The public door of `@fairweather/core`. */
export { isAbortError, isRestoreError, RestoreError } from './errors.js';
export type { RestoreErrorCode, RestoreErrorDetails } from './errors.js';
export { DEFAULT_LIMITS, OUTPUT_FORMATS } from './options.js';
export type { InspectOptions, Limits, OutputFormat, OutputOptions, Precision, RestoreOptions, WeatherName } from './options.js';
export { PHASES } from './progress.js';
export type { OnProgress, Phase, ProgressEvent } from './progress.js';
export type { EngineFacts, InputFacts, InputFormat, InspectResult, RestoreReport, RestoreResult, RestoreWarning, Timings, WeatherFinding } from './report.js';
export { createRestorer } from './restorer.js';
export type { LoadModelOptions, Restorer, RestorerDeps } from './restorer.js';
export { createModelStore, verifyModelFile } from './graph/model-store.js';
export type { LoadedModel, LoadOptions, ModelStore, ReadModelFile } from './graph/model-store.js';
export type { DecodedImage, DecodeOptions, EncodedImage, EncodeOptions, ImageCodec } from './image/codec.js';
export type { Pixels } from './image/pixels.js';
export type { Feeds, Graph, GraphFactory } from './graph/graph.js';
export type { Manifest, ModelFile, ModelSpec } from './graph/manifest.js';
export type { Tensor } from './tensor/tensor.js';
