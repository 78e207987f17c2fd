/** The door `@fairweather/core/contract`: what the HTTP API and its clients share; data and types only. */
export { HEADERS, IMAGE_FIELD, INSPECT_FIELDS, JOB_FIELDS, jobPath, PROBLEM_TYPE, PROGRESS_TYPE, RESTORE_FIELDS, ROUTES, SCOPES } from './routes.ts';
export type { Scope } from './routes.ts';
export { ERROR_TABLE } from './messages.ts';
export type {
  ApiErrorCode,
  InspectMessage,
  JobMessage,
  JobsMessage,
  JobState,
  LimitsMessage,
  ModelsMessage,
  ModelSummary,
  Problem,
  ReadyMessage,
  RestoreEvent,
  RestoreMessage,
  UploadMessage,
} from './messages.ts';
