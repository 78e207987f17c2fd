/** What a restoration threw -> a title and a sentence for people, and the code for those who ask for help. */
import { type ErrorCode, isRestoreError } from '@fairweather/sdk';

export type ErrorText = { readonly title: string; readonly text: string; readonly code: string };

export function describeError(thrown: unknown): ErrorText {
  if (!isRestoreError(thrown))
    return { title: 'Something unexpected went wrong', text: thrown instanceof Error ? thrown.message : String(thrown), code: 'unknown' };
  return { title: TITLES[thrown.code] ?? 'The picture could not be restored', text: thrown.message, code: thrown.code };
}

const TITLES: Readonly<Partial<Record<ErrorCode, string>>> = {
  'unsupported-format': 'This is no picture that can be read here',
  'corrupt-image': 'This picture is damaged',
  truncated: 'This picture is not complete',
  'too-large': 'This picture is too large',
  'empty-input': 'This file is empty',
  offline: 'There is no network',
  'connection-failed': 'The server was not reached',
  timeout: 'The server did not answer in time',
  overloaded: 'The server has no place now',
  'rate-limited': 'Too many pictures in a short time',
  unauthorized: 'The server asks for a key',
  'engine-unavailable': 'This device cannot do it this way',
  'model-not-found': 'The model was not found',
};
