import { RestoreError } from '@fairweather/sdk';
import { expect, it } from 'vitest';
import { describeError } from './error-text.ts';

it('gives a known code a title of its own and keeps the sentence', () => {
  expect(describeError(new RestoreError('truncated', 'The file ends early.'))).toEqual({
    title: 'This picture is not complete',
    text: 'The file ends early.',
    code: 'truncated',
  });
});
it('gives every other code a general title', () => {
  expect(describeError(new RestoreError('bad-response', 'What?'))).toEqual({ title: 'The picture could not be restored', text: 'What?', code: 'bad-response' });
});
it('shows what is no error of ours as it is', () => {
  expect(describeError(new TypeError('x is undefined'))).toMatchObject({ text: 'x is undefined', code: 'unknown' });
  expect(describeError('odd')).toMatchObject({ text: 'odd', code: 'unknown' });
});
